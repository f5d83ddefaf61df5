import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { ProcessRecord } from '../evidence/records.ts';
import { hostEvidence, type RunFolder } from '../evidence/run-folder.ts';
import { readCriuEvidence } from '../layers/criu/evidence.ts';
import { type ImageFolder, readImages } from '../layers/criu/image-folders.ts';
import { findSources, isOfCriu, type SourceFile } from '../layers/criu/log-files.ts';
import { type CriuLogSummary, criuSummary } from '../layers/criu/summary.ts';
import type { Trace } from '../trace/span.ts';
import { findFiles, type Input } from '../unpack/find-files.ts';
import type { Found } from '../unpack/found-file.ts';
import { importHost, keptName, writeImport } from './import-run.ts';

import { type LogStart, startsOf } from './log-start.ts';
import { traceOf } from './trace-of.ts';

export interface TakeInOptions {
  readonly name?: string;
  /** For what archives hold; the caller removes it. */
  readonly folder: string;
  readonly starts: readonly LogStart[];
  /** Of a command that was recorded. */
  readonly processes?: readonly ProcessRecord[];
}

export interface TakenIn {
  readonly run: RunFolder;
  readonly sources: readonly SourceFile[];
  readonly images: readonly ImageFolder[];
  readonly logs: readonly CriuLogSummary[];
  readonly trace: Trace;
  readonly warnings: readonly string[];
}

/** Files, folders and archives become a run; each log is read once. @throws TransshipError `input` when there is none of CRIU's */
export async function takeIn(inputs: readonly Input[], options: TakeInOptions): Promise<TakenIn> {
  const unpackFolder = join(options.folder, 'unpacked');
  mkdirSync(unpackFolder);
  const found = await findFiles(inputs, { folder: unpackFolder, isWanted: isOfCriu });
  return takeFound(found, { ...options, asked: inputs.map(({ shown }) => shown) });
}

/** The same of files that have been found. */
export async function takeFound(found: Found, options: TakeInOptions & { readonly asked: readonly string[] }): Promise<TakenIn> {
  const { name, starts, asked, processes = [] } = options;
  const { sources, images, warnings } = findSources(found.files, asked);
  const logs = sources.flatMap(({ shown, digest }) => (digest === null ? [] : [shown]));
  const written = writeImport(sources, { name, images, processes, parents: found.parents, starts: startsOf(starts, logs) });
  try {
    const digests = new Map(sources.flatMap((source) => (source.digest === null ? [] : [[keptName(source), source.digest]])));
    const { folder: run, manifest } = written;
    const criu = readCriuEvidence(hostEvidence(run, importHost), digests);
    // its derived file is left to `show`: making it takes a sixth of the first answer
    const trace = traceOf(run, manifest, [criu]);
    const described = readImages(hostEvidence(run, importHost));
    return {
      ...{ run, sources, images: described.folders, logs: criuSummary(criu).logs, trace },
      warnings: [...found.warnings, ...warnings, ...described.warnings, ...trace.warnings],
    };
  } finally {
    await written.whenKept;
  }
}
