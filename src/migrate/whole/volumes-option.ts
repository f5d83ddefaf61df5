import { TransshipError } from '../../error.ts';

/** What happens to a volume or a bind mount. */
export type VolumeMode = 'copy' | 'shared';

/** `--volumes copy`, `--volumes shared`, or by the place in the container: `--volumes /data=copy,/run/x.sock=shared`. */
export interface VolumesOption {
  readonly all: VolumeMode | null;
  readonly byPlace: Readonly<Record<string, VolumeMode>>;
}

/** @throws TransshipError `usage` for a word that is neither */
export function parseVolumesOption(text: string | undefined): VolumesOption {
  if (text === undefined || text === '') return { all: null, byPlace: {} };
  let all: VolumeMode | null = null;
  const byPlace: Record<string, VolumeMode> = {};
  for (const word of text.split(',')) {
    const equals = word.lastIndexOf('=');
    const mode = word.slice(equals + 1);
    if (mode !== 'copy' && mode !== 'shared') {
      throw new TransshipError(
        'usage',
        `--volumes ${text}: ${word} is neither copy nor shared`,
        'for example --volumes copy, or --volumes /data=copy,/etc/app=shared',
      );
    }
    if (equals < 0) all = mode;
    else byPlace[word.slice(0, equals)] = mode;
  }
  return { all, byPlace };
}
