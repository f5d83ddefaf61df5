import { TransshipError } from '../../error.ts';
import { isContainerConfig } from './container-config.ts';
import { fileChunks, firstBytes } from './file-chunks.ts';
import { imageKindOf } from './image-file.ts';
import { digestLog, type LogDigest } from './log-digest.ts';
import type { LogKind } from './phase.ts';
import { isTaskLog, kindOfName, lookBytes, recognise } from './recognise.ts';
import { decodeStatistics } from './statistics.ts';

/** A file that may be one of CRIU's. */
export interface Candidate {
  readonly path: string;
  /** What the user calls it; `-` for standard input. Folders in it tell what belongs together. */
  readonly shown: string;
  /** The user named it, and is told when it is left out. */
  readonly isNamed: boolean;
  readonly times: {
    readonly mtimeNs: bigint | null;
    readonly birthNs: bigint | null;
    readonly resolutionNs: bigint;
  };
}

/** A file to import: what it is, and the number that a log shares with its statistics. */
export interface SourceFile extends Candidate {
  readonly kind: LogKind | 'stats-dump' | 'stats-restore' | 'unknown';
  /** Of a log. */
  readonly digest: LogDigest | null;
  /** Of statistics: CRIU's own names. */
  readonly values: Readonly<Record<string, number>> | null;
  readonly number: number;
}

const hint =
  'transship import takes dump.log, restore.log and the like, stats-dump, stats-restore, folders and archives (tar, gzip, zstd) of them';

interface Found {
  readonly sources: readonly SourceFile[];
  readonly images: readonly Candidate[];
  /** Files that the user named, or that look like CRIU's, and why they were left out. */
  readonly warnings: readonly string[];
}

type Unnumbered = Omit<SourceFile, 'number'>;

/** By name and first bytes: could it be one of CRIU's logs, statistics or images? */
export function isOfCriu(shown: string, head: Uint8Array): boolean {
  if (imageKindOf(head) !== null || isContainerConfig(shown)) return true;
  return recognise(head.subarray(0, lookBytes)).is !== 'nothing' && !/\.(?:img|json)$/.test(shown);
}

/**
 * Finds the logs and statistics of CRIU among files, by content; what is none of them is passed over.
 * @param asked what the user named
 * @throws TransshipError `input` when there is none, with what the first file is instead
 */
export function findSources(files: readonly Candidate[], asked: readonly string[]): Found {
  const sources: Unnumbered[] = [];
  const refused: TransshipError[] = [];
  const warnings: string[] = [];
  const images = files.filter(({ path, shown }) => imageKindOf(firstBytes(path, 8)) !== null || isContainerConfig(shown));
  for (const file of files) {
    if (images.includes(file)) continue;
    if (!file.isNamed && /\.(?:img|json)$/.test(file.shown)) continue;
    const source = sourceOf(file);
    if (!(source instanceof TransshipError)) sources.push(source);
    else refused.push(source);
    const isExpected =
      file.isNamed || ((kindOfName(file.shown) !== null || /stats-/.test(nameOf(file.shown))) && !isEngines(file.shown));
    if (source instanceof TransshipError && isExpected) warnings.push(`${source.message}: left out`);
  }
  if (sources.length + images.length > 0) return { sources: numbered(sources), images, warnings };
  throw refused[0] ?? new TransshipError('input', `${asked.join(', ')}: no file of CRIU in it`, hint);
}

/** podman and Kubernetes put `spec.dump`, `config.dump` beside the images: of the container, not of CRIU. */
function isEngines(shown: string): boolean {
  return /^(?:spec|config)\.dump$/.test(nameOf(shown));
}

function sourceOf(file: Candidate): Unnumbered | TransshipError {
  const { path, shown } = file;
  try {
    const recognised = recognise(firstBytes(path, lookBytes));
    if (recognised.is === 'nothing') return new TransshipError('input', `${shown}:${recognised.line}: ${recognised.why}`, hint);
    if (recognised.is === 'log') {
      const digest = digestLog(shown, fileChunks(path));
      const kind = isTaskLog(shown) ? null : (digest.kind ?? kindOfName(shown));
      return { ...file, kind: kind ?? 'unknown', digest: { ...digest, kind }, values: null };
    }
    const statistics = decodeStatistics(shown, firstBytes(path, lookBytes));
    return { ...file, kind: `stats-${statistics.kind}`, digest: null, values: statistics.values };
  } catch (error) {
    if (error instanceof TransshipError) return error;
    throw error;
  }
}

/** Statistics go with the log of their folder whose name is most like theirs: `dst-stats-restore` with `dst-restore.log`. */
function numbered(found: readonly Unnumbered[]): readonly SourceFile[] {
  const isStatistics = (kind: SourceFile['kind']) => kind === 'stats-dump' || kind === 'stats-restore';
  const sources: SourceFile[] = found
    .filter(({ kind }) => !isStatistics(kind))
    .map((file, index) => ({ ...file, number: index + 1 }));
  const taken = new Set<number>();
  for (const file of found.filter(({ kind }) => isStatistics(kind))) {
    const kinds = file.kind === 'stats-dump' ? ['dump', 'pre-dump'] : ['restore'];
    const logs = sources.filter(
      (log) => kinds.includes(log.kind) && folderOf(log.shown) === folderOf(file.shown) && !taken.has(log.number),
    );
    const [best] = logs.sort((a, b) => likeness(b, file) - likeness(a, file));
    const number = best?.number ?? Math.max(0, ...sources.map((source) => source.number)) + 1;
    taken.add(number);
    sources.push({ ...file, number });
  }
  return sources;
}

function likeness(a: { readonly shown: string }, b: { readonly shown: string }): number {
  const [one, two] = [nameOf(a.shown), nameOf(b.shown)];
  let length = 0;
  while (length < one.length && one[length] === two[length]) length += 1;
  return length;
}

function nameOf(shown: string): string {
  return shown.slice(shown.lastIndexOf('/') + 1);
}

function folderOf(shown: string): string {
  return shown.slice(0, shown.lastIndexOf('/') + 1);
}
