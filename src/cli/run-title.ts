import type { Manifest } from '../evidence/manifest.ts';
import { formatNs } from '../trace/time.ts';
import { escapeText } from './terminal.ts';

/** What a run was, in one line (and its error, in two more). */
export function runTitle(manifest: Manifest): string {
  if (manifest.kind === 'import') return `${manifest.run}: imported CRIU logs`;
  const { source, destination } = manifest.hosts;
  const took = manifest.endedNs === null ? 'has no end' : formatNs(BigInt(manifest.endedNs) - BigInt(manifest.createdNs));
  const from = escapeText(source?.name ?? '?');
  const to = escapeText(destination?.name ?? '?');
  const what = `${escapeText(manifest.container?.name ?? '?')} ${from} → ${to}`;
  const error =
    manifest.error === null
      ? ''
      : `\nerror      ${escapeText(manifest.error.message)}\n  hint: ${escapeText(manifest.error.hint)}`;
  return `${manifest.run}: ${what}, strategy ${manifest.strategy ?? '?'}, ${manifest.outcome ?? 'unfinished'}, ${took}${error}`;
}
