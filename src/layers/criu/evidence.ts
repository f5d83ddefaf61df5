import { existsSync, readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { TransshipError } from '../../error.ts';
import { damagedHint, readDocument } from '../../evidence/checked.ts';
import { bytesOfImages, listedImages } from '../../evidence/image-list.ts';
import { criuFilesRecord } from '../../evidence/record-schemas.ts';
import type { CriuFilesRecord } from '../../evidence/records.ts';
import type { Ns } from '../../trace/time.ts';
import { type Anchor, anchorOf } from './anchor.ts';
import { fileChunks, firstBytes, maxLogBytes } from './file-chunks.ts';
import { digestLog, type LogDigest } from './log-digest.ts';
import { type LogSample, readLogSamples, zeroBySamples } from './log-samples.ts';
import { treeOf } from './log-tree.ts';
import { type LogKind, logKinds } from './phase.ts';
import type { PhaseNode } from './phase-tree.ts';
import type { Parent } from './relations.ts';
import { type CriuStatistics, decodeStatistics, isGarbage } from './statistics.ts';
import { boottimeOf } from './timens-image.ts';

/** One log with what belongs to it. */
export interface CriuLog {
  /** Its name in `criu/`. */
  readonly name: string;
  readonly digest: LogDigest;
  readonly statistics: CriuStatistics | null;
  readonly anchor: Anchor;
  /** Of a page server alone: the pages that it made images of. */
  readonly receivedBytes?: number | null;
  /** Its phases, worked out once; `null` for a log without times. */
  tree(): PhaseNode | null;
}

/** What CRIU left on one host, read and digested; everything after this is pure. */
export interface CriuEvidence {
  readonly host: string;
  readonly logs: readonly CriuLog[];
  /** `parent` links of images folders, as the import found them. */
  readonly parents: readonly Parent[];
  readonly warnings: readonly string[];
}

/** `N-` tells the logs of an import apart; a log and its statistics share N. */
const logName = /^(?:(\d+)-)?(dump|pre-dump|restore|page-server|lazy-pages|unknown)\.log$/;

/**
 * Reads `criu/` in the folder of a host's evidence: logs (`dump.log`, `restore.log`, `page-server.log`, `lazy-pages.log`; `N-KIND.log` of an
 * import), their `stats-dump` and `stats-restore`, `files.json` and `timens-0.img`. No folder: no logs. Logs whose digests are there, by
 * name, are not read again.
 * @throws TransshipError `input` when a file that is there cannot be read
 */
export function readCriuEvidence(hostFolder: string, digests: ReadonlyMap<string, LogDigest> = new Map()): CriuEvidence {
  const folder = join(hostFolder, 'criu');
  const host = basename(hostFolder);
  if (!existsSync(folder)) return { host, logs: [], parents: [], warnings: [] };
  const names = readdirSync(folder).sort(byNumber);
  const warnings: string[] = [];
  const read: Reading = {
    folder,
    host,
    names,
    warnings,
    digests,
    files: readFiles(folder),
    boottimeNs: readBoottime(folder, names),
    samples: readLogSamples(hostFolder),
    pagesBytes: bytesOfImages(listedImages(hostFolder), /^pages-\d+\.img$/),
  };
  const logs = names.filter((name) => logName.test(name)).map((name) => readLog(read, name));
  return {
    host,
    logs,
    parents: read.files?.parents ?? [],
    warnings: [...warnings, ...logs.flatMap(({ digest }) => digest.warnings)],
  };
}

/** `2-dump.log` before `10-dump.log`. localeCompare would load the tables of all languages, which takes longer than a usual log. */
function byNumber(a: string, b: string): number {
  const [one, two] = [a, b].map((name) => Number.parseInt(name, 10) || 0) as [number, number];
  return one - two || (a < b ? -1 : 1);
}

interface Reading {
  readonly folder: string;
  readonly host: string;
  readonly names: readonly string[];
  readonly warnings: string[];
  readonly digests: ReadonlyMap<string, LogDigest>;
  readonly files: CriuFilesRecord | null;
  readonly boottimeNs: Ns | null;
  readonly samples: readonly LogSample[];
  /** Of all images of pages on this host. */
  readonly pagesBytes: number | null;
}

function readLog(read: Reading, name: string): CriuLog {
  const [, number, kindOfName] = logName.exec(name) ?? [];
  const shown = read.files?.files.find((file) => file.name === name)?.origin ?? `evidence/${read.host}/criu/${name}`;
  const raw = read.digests.get(name) ?? digestLog(shown, fileChunks(join(read.folder, name)));
  const kind = raw.kind ?? logKinds.find((one) => one === kindOfName) ?? null;
  const digest: LogDigest = { ...raw, kind: kindOfName === 'unknown' ? null : kind };
  if (raw.bytes >= maxLogBytes) read.warnings.push(`${shown}: only the first ${maxLogBytes / 2 ** 20} MiB were read`);
  const statsName = `${number === undefined ? '' : `${number}-`}stats-${kind === 'restore' ? 'restore' : 'dump'}`;
  const statistics = kind === 'page-server' || kind === 'lazy-pages' ? null : readStatistics(read, statsName);
  const boottimeNs = kind === 'dump' ? read.boottimeNs : null;
  const samples = kind === 'restore' ? zeroBySamples(join(read.folder, name), read.samples) : [];
  let tree: PhaseNode | null | undefined;
  const treeOnce = () => {
    tree ??= treeOf(digest);
    return tree;
  };
  return {
    name,
    digest,
    statistics,
    tree: treeOnce,
    ...(kind === 'page-server' && isAlone(read, 'page-server') ? { receivedBytes: read.pagesBytes } : {}),
    anchor: anchorOf({ digest, logName: name, statsName, files: read.files, boottimeNs, samples }),
  };
}

function isAlone({ names }: Reading, kind: LogKind): boolean {
  return names.filter((name) => logName.exec(name)?.[2] === kind).length === 1;
}

/** Statistics that cannot be read are a warning: the log says the rest. */
function readStatistics(read: Reading, name: string): CriuStatistics | null {
  if (!read.names.includes(name)) return null;
  const shown = read.files?.files.find((file) => file.name === name)?.origin ?? `evidence/${read.host}/criu/${name}`;
  try {
    const statistics = decodeStatistics(shown, firstBytes(join(read.folder, name), 65_536));
    if (!isGarbage(statistics)) return statistics;
    read.warnings.push(`${shown}: left out: a lazy dump writes over its statistics (frozen_time is a wall clock there)`);
  } catch (error) {
    if (!(error instanceof TransshipError)) throw error;
    read.warnings.push(`${error.message}: left out`);
  }
  return null;
}

function readFiles(folder: string): CriuFilesRecord | null {
  const path = join(folder, 'files.json');
  return existsSync(path) ? readDocument(path, criuFilesRecord, damagedHint) : null;
}

function readBoottime(folder: string, names: readonly string[]): Ns | null {
  // with another number it holds the clocks of a container that was moved before: they are those of the host where it began
  const name = names.find((one) => one === 'timens-0.img');
  return name === undefined ? null : boottimeOf(firstBytes(join(folder, name), 4096));
}
