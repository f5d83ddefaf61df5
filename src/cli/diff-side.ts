import { TransshipError } from '../error.ts';
import type { Manifest } from '../evidence/manifest.ts';
import { readManifest } from '../evidence/open-run.ts';
import type { RunFolder } from '../evidence/run-folder.ts';
import type { RunTimes } from '../trace/difference.ts';
import { operationTimes } from '../trace/operation-times.ts';
import { nsToUs } from '../trace/time.ts';
import { escapeText, type Terminal } from './terminal.ts';

/** The runs of one side, and how long each operation went on in each of them. */
export interface Side {
  /** As it was given. */
  readonly name: string;
  readonly manifests: readonly Manifest[];
  readonly times: readonly RunTimes[];
}

/** Of a set only what moved its container is compared, and one damaged run does not hide the others. A run alone is taken as it is. */
export async function loadSide(terminal: Terminal, name: string, folders: readonly RunFolder[]): Promise<Side> {
  const { loadTrace } = await import('./load-trace.ts');
  const isSet = folders.length > 1;
  const loaded = folders.flatMap((folder) => {
    try {
      const manifest = readManifest(folder);
      if (isSet && manifest.kind === 'migration' && manifest.outcome !== 'migrated') {
        terminal.warn(`${escapeText(folder.path)}: left out, as it is ${manifest.outcome ?? 'unfinished'}`);
        return [];
      }
      const times = new Map([...operationTimes(loadTrace(folder))].map(([operation, ns]) => [operation, nsToUs(ns)]));
      return [{ manifest, times }];
    } catch (error) {
      if (!isSet || !(error instanceof TransshipError)) throw error;
      terminal.warn(`left out: ${escapeText(error.message)}`);
      return [];
    }
  });
  if (loaded.length === 0)
    throw new TransshipError(
      'input',
      `${name}: none of its ${folders.length} runs can be compared`,
      'transship runs shows what became of them',
    );
  const strategies = [...new Set(loaded.map(({ manifest }) => manifest.strategy ?? 'import'))];
  if (strategies.length > 1)
    terminal.warn(`${escapeText(name)}: its runs are of several strategies (${strategies.join(', ')}): a median says little`);
  return { name, manifests: loaded.map(({ manifest }) => manifest), times: loaded.map(({ times }) => times) };
}
