import { lstatSync, readdirSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { TransshipError } from '../../error.ts';
import { fileChunks } from './file-chunks.ts';
import { digestLog } from './log-digest.ts';
import type { LogKind } from './phase.ts';
import { kindOfName, recogniseFile } from './recognise.ts';
import { decodeStatistics } from './statistics.ts';

/** A file to import: what it is, and the number that a log shares with its statistics. */
export interface SourceFile {
  readonly path: string;
  /** What the user calls it; `-` for standard input. */
  readonly shown: string;
  readonly kind: LogKind | 'stats-dump' | 'stats-restore' | 'unknown';
  readonly number: number;
}

const mostFiles = 10_000;
const mostDepth = 6;
const hint =
  'transship import takes dump.log, restore.log and the like, stats-dump, stats-restore, or a folder of them; unpack an archive first';

interface Found {
  readonly sources: readonly SourceFile[];
  /** Files that the user named, or that look like CRIU's, and why they were left out. */
  readonly warnings: readonly string[];
}

/**
 * Finds the logs and statistics of CRIU in files and folders, by content; other files of a folder are passed over.
 * @throws TransshipError `input` when there is none, with what the first file is instead
 */
export function findSources(paths: readonly { readonly path: string; readonly shown: string }[]): Found {
  const sources: Omit<SourceFile, 'number'>[] = [];
  const refused: TransshipError[] = [];
  const warnings: string[] = [];
  for (const { path, shown } of paths) {
    for (const file of filesOf(path, shown)) {
      const source = sourceOf(file);
      if (!(source instanceof TransshipError)) sources.push(source);
      else refused.push(source);
      const isExpected = file.shown === shown || kindOfName(file.path) !== null || /stats-/.test(basename(file.path));
      if (source instanceof TransshipError && isExpected) warnings.push(`${source.message}: left out`);
    }
  }
  if (sources.length > 0) return { sources: numbered(sources), warnings };
  throw refused[0] ?? new TransshipError('input', `${paths.map(({ shown }) => shown).join(', ')}: no file of CRIU in it`, hint);
}

function filesOf(path: string, shown: string, depth = 0): { readonly path: string; readonly shown: string }[] {
  if (!isFolder(path, shown)) return [{ path, shown }];
  const files: { readonly path: string; readonly shown: string }[] = [];
  for (const name of namesIn(path, shown).sort((a, b) => a.localeCompare(b, 'en', { numeric: true }))) {
    const entry = { path: join(path, name), shown: join(shown, name) };
    const stat = lstatSync(entry.path);
    if (stat.isDirectory() && depth < mostDepth) files.push(...filesOf(entry.path, entry.shown, depth + 1));
    else if (stat.isFile() && !/\.(?:img|json)$/.test(name)) files.push(entry);
    if (files.length > mostFiles)
      throw new TransshipError('input', `${shown}: more than ${mostFiles} files`, 'name the folder that holds the logs');
  }
  return files;
}

function namesIn(path: string, shown: string): string[] {
  try {
    return readdirSync(path);
  } catch (cause) {
    throw new TransshipError(
      'input',
      `${shown}: cannot be read (${(cause as NodeJS.ErrnoException).code})`,
      'copy it with sudo, or change its mode',
      { cause },
    );
  }
}

function isFolder(path: string, shown: string): boolean {
  try {
    const stat = statSync(path);
    if (stat.isDirectory() || stat.isFile()) return stat.isDirectory();
  } catch (cause) {
    throw new TransshipError('input', `${shown}: cannot be read (${(cause as NodeJS.ErrnoException).code})`, 'check the path', {
      cause,
    });
  }
  throw new TransshipError('input', `${shown}: neither a file nor a folder`, 'for a pipe, use - and standard input');
}

function sourceOf({ path, shown }: { path: string; shown: string }): Omit<SourceFile, 'number'> | TransshipError {
  try {
    const recognised = recogniseFile(path);
    if (recognised.is === 'nothing') return new TransshipError('input', `${shown}:${recognised.line}: ${recognised.why}`, hint);
    if (recognised.is === 'log') return { path, shown, kind: kindOf(path) };
    const statistics = decodeStatistics(shown, Buffer.concat([...fileChunks(path, 65_536)]));
    return { path, shown, kind: `stats-${statistics.kind}` };
  } catch (error) {
    if (error instanceof TransshipError) return error;
    throw error;
  }
}

function kindOf(path: string): SourceFile['kind'] {
  if (/\.log\.\d+$/.test(path)) return 'unknown'; // --log-pid: one task's part, with a zero of its own
  return digestLog(path, fileChunks(path)).kind ?? kindOfName(path) ?? 'unknown';
}

/** Statistics go with the log of their folder whose name is most like theirs: `dst-stats-restore` with `dst-restore.log`. */
function numbered(found: readonly Omit<SourceFile, 'number'>[]): readonly SourceFile[] {
  const isStatistics = (kind: SourceFile['kind']) => kind === 'stats-dump' || kind === 'stats-restore';
  const sources: SourceFile[] = found
    .filter(({ kind }) => !isStatistics(kind))
    .map((file, index) => ({ ...file, number: index + 1 }));
  const taken = new Set<number>();
  for (const file of found.filter(({ kind }) => isStatistics(kind))) {
    const kinds = file.kind === 'stats-dump' ? ['dump', 'pre-dump'] : ['restore'];
    const logs = sources.filter(
      (log) => kinds.includes(log.kind) && dirname(log.path) === dirname(file.path) && !taken.has(log.number),
    );
    const [best] = logs.sort((a, b) => likeness(b, file) - likeness(a, file));
    const number = best?.number ?? Math.max(0, ...sources.map((source) => source.number)) + 1;
    taken.add(number);
    sources.push({ ...file, number });
  }
  return sources;
}

function likeness(a: { readonly path: string }, b: { readonly path: string }): number {
  const [one, two] = [basename(a.path), basename(b.path)];
  let length = 0;
  while (length < one.length && one[length] === two[length]) length += 1;
  return length;
}
