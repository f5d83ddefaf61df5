import { existsSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type RunFolder, runFiles } from '../evidence/run-folder.ts';
import { otlpJson } from '../export/otlp-json.ts';
import type { Trace } from '../trace/span.ts';

/**
 * Writes `trace.otlp.jsonl` anew. It can be made again at any time: the samples that come with the package, in a folder that users may not
 * write to, are shown all the same, and so is a run on a disk that has become full.
 */
export function keepDerived(folder: RunFolder, trace: Trace): void {
  const file = join(folder.path, runFiles.trace);
  const own = `${file}.${process.pid}`;
  try {
    writeFileSync(own, [...otlpJson(trace)].join(''));
    renameSync(own, file);
  } catch (error) {
    if (!['EACCES', 'EROFS', 'EPERM', 'ENOSPC', 'EDQUOT'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
    if (existsSync(own)) rmSync(own);
  }
}
