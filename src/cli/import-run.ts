import { randomBytes } from 'node:crypto';
import { closeSync, constants, copyFileSync, mkdirSync, openSync, rmSync, statSync, writeFileSync, writeSync } from 'node:fs';
import { copyFile } from 'node:fs/promises';
import { join, posix } from 'node:path';
import { TransshipError } from '../error.ts';
import { appendRecord } from '../evidence/json-lines.ts';
import type { Manifest } from '../evidence/manifest.ts';
import type { CriuFilesRecord, ProcessRecord } from '../evidence/records.ts';
import { createRun, hostEvidence, type RunFolder, tracesRoot, writeManifest } from '../evidence/run-folder.ts';
import { isContainerConfig } from '../layers/criu/container-config.ts';
import { fileChunks, maxLogBytes } from '../layers/criu/file-chunks.ts';
import type { Candidate, SourceFile } from '../layers/criu/log-files.ts';
import { nowNs } from '../trace/time.ts';
import type { LogStart } from './log-start.ts';
import { transshipVersion } from './version-of.ts';

/** The host's name in a run that was imported: nobody knows where the logs come from. */
export const importHost = 'import';

export interface ImportOptions {
  readonly name: string | undefined;
  readonly images: readonly Candidate[];
  /** By the log's shown name. */
  readonly starts: ReadonlyMap<string, LogStart>;
  readonly parents: NonNullable<CriuFilesRecord['parents']>;
  /** Of a command that was recorded; else none. */
  readonly processes: readonly ProcessRecord[];
}

interface WrittenImport {
  readonly folder: RunFolder;
  readonly manifest: Manifest;
  /** Large logs are copied meanwhile: their phases are known by now. Rejects as `writeImport` throws, and leaves nothing behind, either. */
  readonly whenKept: Promise<void>;
}

/**
 * Makes a run of CRIU's files. Layout: `evidence/import/criu/N-KIND.log` with `N-stats-dump` or `N-stats-restore` (N: 1 for the first
 * log, and so on), and `files.json`, where `origin` is the path that the user gave. Nothing stays behind when it fails.
 */
export function writeImport(sources: readonly SourceFile[], options: ImportOptions): WrittenImport {
  const { name, parents } = options;
  const createdNs = String(nowNs());
  let folder: RunFolder | undefined;
  const copies: Promise<void>[] = [];
  try {
    folder = createRun(name);
    const target = join(hostEvidence(folder, importHost), 'criu');
    mkdirSync(target, { recursive: true });
    const files = sources.map((source) => ({
      ...keep(source, target, copies),
      ...toldStart(options.starts.get(source.shown)),
    }));
    const images = options.images.map((image) => keepImage(image, { target, images: options.images }));
    const record: CriuFilesRecord = {
      realtimeMinusBoottimeNs: null,
      files: [...files, ...images],
      ...(parents.length > 0 ? { parents } : {}),
    };
    writeFileSync(join(target, 'files.json'), `${JSON.stringify(record, null, 2)}\n`);
    for (const process of options.processes) appendRecord(join(hostEvidence(folder, importHost), 'processes.jsonl'), process);
    const manifest = manifestOf(folder.run, { createdNs, isRecorded: options.processes.length > 0 });
    writeManifest(folder, manifest);
    return { folder, manifest, whenKept: settle(copies, folder) };
  } catch (error) {
    if (folder !== undefined) rmSync(folder.path, { recursive: true, force: true });
    throw writeError(folder?.path ?? tracesRoot(), error);
  }
}

async function settle(copies: readonly Promise<void>[], folder: RunFolder): Promise<void> {
  const failed = (await Promise.allSettled(copies)).find((copy) => copy.status === 'rejected');
  if (failed === undefined) return;
  rmSync(folder.path, { recursive: true, force: true });
  throw writeError(folder.path, failed.reason);
}

/** What the file system refuses is the user's to mend. */
function writeError(path: string, error: unknown): unknown {
  const { code } = error as NodeJS.ErrnoException;
  if (error instanceof TransshipError || code === undefined) return error;
  const hint = 'free space, or set TRANSSHIP_TRACES to a folder that can be written';
  return new TransshipError('usage', `${path}: cannot be written (${code})`, hint, { cause: error });
}

/** Its name in the run: what `readCriuEvidence` looks for. */
export function keptName({ kind, number }: SourceFile): string {
  return kind.startsWith('stats-') ? `${number}-${kind}` : `${number}-${kind}.log`;
}

function keep(source: SourceFile, folder: string, copies: Promise<void>[]): CriuFilesRecord['files'][number] {
  const name = keptName(source);
  const to = join(folder, name);
  const { size } = statSync(source.path);
  if (size < largeBytes || size > maxLogBytes) return recordOf(source, { name, bytes: copy(source.path, to) });
  closeSync(openSync(to, 'w')); // it is looked for by name at once, and has been read
  copies.push(copyFile(source.path, to, constants.COPYFILE_FICLONE));
  return recordOf(source, { name, bytes: size });
}

function toldStart(start: LogStart | undefined): Pick<CriuFilesRecord['files'][number], 'zeroNs' | 'zeroBoundNs'> {
  return start === undefined ? {} : { zeroNs: String(start.zeroNs), zeroBoundNs: String(start.boundNs) };
}

/** Images of one folder stay together: `images/1/pstree.img`. */
function keepImage(
  image: Candidate,
  { target, images }: { target: string; images: readonly Candidate[] },
): CriuFilesRecord['files'][number] {
  const folders = [...new Set(images.map(({ shown }) => imagesOf(shown)))];
  const folder = `images/${folders.indexOf(imagesOf(image.shown)) + 1}`;
  const name = `${folder}/${posix.basename(image.shown).replace(/[^\w.-]/g, '_')}`;
  mkdirSync(join(target, folder), { recursive: true });
  return recordOf(image, { name, bytes: copy(image.path, join(target, name)) });
}

/** `config.dump` lies beside the folder of the images that it is of. */
function imagesOf(shown: string): string {
  const folder = posix.dirname(shown);
  return isContainerConfig(shown) ? posix.join(folder, 'checkpoint') : folder;
}

function recordOf({ shown, times }: Candidate, kept: { name: string; bytes: number }): CriuFilesRecord['files'][number] {
  const { mtimeNs, birthNs, resolutionNs } = times;
  return {
    ...{ ...kept, origin: shown },
    ...{ mtimeNs: mtimeNs === null ? null : String(mtimeNs), birthNs: birthNs === null ? null : String(birthNs) },
    ...(resolutionNs > 0n ? { resolutionNs: String(resolutionNs) } : {}),
  };
}

/** Copied beside other work: below it there is nothing to be won. */
const largeBytes = 2 ** 24;

/** The kernel copies, or the file system shares the blocks; of an endless log only the beginning is kept. */
function copy(from: string, to: string): number {
  if (statSync(from).size <= maxLogBytes) {
    copyFileSync(from, to, constants.COPYFILE_FICLONE);
    return statSync(to).size;
  }
  const file = openSync(to, 'w');
  let bytes = 0;
  try {
    for (const chunk of fileChunks(from)) bytes += writeSync(file, chunk);
  } finally {
    closeSync(file);
  }
  return bytes;
}

function manifestOf(run: string, { createdNs, isRecorded }: { createdNs: string; isRecorded: boolean }): Manifest {
  // what a command left here, and when it ran, is of one clock, that of this machine
  const own = { host: importHost, when: 'before', takenNs: createdNs, offsetNs: '0', boundNs: '0', roundTrips: 0 } as const;
  return {
    ...{
      schema: 'transship.run/1',
      run,
      kind: 'import',
      traceId: randomBytes(16).toString('hex'),
      transship: transshipVersion(),
    },
    ...{ createdNs, endedNs: String(nowNs()), strategy: null, container: null, hosts: { source: null, destination: null } },
    ...{ clocks: isRecorded ? [own] : [], outcome: null, error: null, warnings: [], probes: [] },
    bytes: { images: null, pages: null, layer: null, volumes: null },
  };
}
