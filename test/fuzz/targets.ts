import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { TransshipError } from '../../src/error.ts';
import { packageRoot } from '../../src/evidence/run-folder.ts';
import type { CriuLog } from '../../src/layers/criu/evidence.ts';
import { decodeImage } from '../../src/layers/criu/image-file.ts';
import { summariseImages } from '../../src/layers/criu/image-summary.ts';
import { digestLog } from '../../src/layers/criu/log-digest.ts';
import { findSources, isOfCriu } from '../../src/layers/criu/log-files.ts';
import { treeOf } from '../../src/layers/criu/log-tree.ts';
import { spansOf } from '../../src/layers/criu/spans.ts';
import { decodeStatistics } from '../../src/layers/criu/statistics.ts';
import { criuSummary } from '../../src/layers/criu/summary.ts';
import { findFiles } from '../../src/unpack/find-files.ts';
import { readRecorded } from '../recorded/criu-cases.ts';
import { type Mutation, mutated, mutation } from './mutations.ts';

/** What is fed with damaged input: it may refuse in words of ours, never crash or hang. */
export interface FuzzTarget {
  readonly name: string;
  /** Of all cases. */
  readonly share: number;
  readonly seeds: readonly Uint8Array[];
  take(bytes: Uint8Array): void | Promise<void>;
}

/** A case takes milliseconds; so long is a hang. */
const hangMs = 5000;

const archives = join(packageRoot(), 'test/recorded/archives');

export const fuzzTargets: readonly FuzzTarget[] = [
  {
    name: 'logs',
    share: 0.7,
    seeds: [
      ...[readRecorded('g-rst-script-fail', 'restore.log'), readRecorded('g-dump-script-fail', 'dump.log')],
      ...[readRecorded('f-lazy', 'dst-lazy-pages.log'), readRecorded('e-pageserver', 'ps-page-server.log')],
      ...[readRecorded('h-predump', '1-pre-dump.log'), readRecorded('v-tiny-cli-v2', 'dump.log')],
    ],
    take: takeLog,
  },
  { name: 'images', share: 0.1, seeds: imageSeeds(), take: takeImage },
  { name: 'statistics', share: 0.08, seeds: [readRecorded('a-tiny-cold', 'stats-dump')], take: takeStatistics },
  {
    name: 'archives',
    share: 0.12,
    seeds: ['podman-export.tar.gz', 'dump.log.zst', 'logs.tar.zst'].map((name) => readFileSync(join(archives, name))),
    take: takeArchive,
  },
];

function takeLog(bytes: Uint8Array): void {
  const digest = digestLog('f', [bytes]);
  const log: CriuLog = {
    ...{ name: 'f', digest, statistics: null, anchor: { zeroNs: 0n, means: 'none', boundNs: 0n } },
    tree: () => treeOf(digest),
  };
  const evidence = { host: 'import', logs: [log], parents: [], warnings: [] };
  criuSummary(evidence);
  for (const { startNs, endNs } of spansOf(evidence, { isDetailed: true }).flatMap(({ spans }) => spans))
    if (endNs < startNs) throw new Error('a span ends before it begins');
}

function imageSeeds(): readonly Uint8Array[] {
  const folder = join(packageRoot(), 'test/recorded/images/tcp');
  return readdirSync(folder).map((name) => readFileSync(join(folder, name)));
}

function takeImage(bytes: Uint8Array): void {
  const image = decodeImage('f', bytes);
  for (const name of ['pstree.img', 'core-17.img', 'mm-17.img', 'pagemap-17.img']) summariseImages([{ name, ...image }]);
}

function takeStatistics(bytes: Uint8Array): void {
  decodeStatistics('f', bytes);
}

async function takeArchive(bytes: Uint8Array): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'transship-fuzz-'));
  try {
    const path = join(folder, 'it');
    writeFileSync(path, bytes);
    mkdirSync(join(folder, 'out'));
    const { files } = await findFiles([{ path, shown: 'it', hasTimes: true }], {
      folder: join(folder, 'out'),
      isWanted: isOfCriu,
    });
    findSources(files, ['it']);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Runs so many cases of a target; the error of a failing one says seed and path, for `fc.assert` to play again. */
export async function fuzz({ seeds, take }: FuzzTarget, runs: number, seed: number): Promise<void> {
  const property = fc.asyncProperty(fc.nat(seeds.length - 1), mutation, async (index: number, change: Mutation) => {
    const bytes = mutated(seeds[index] as Uint8Array, change);
    const startMs = performance.now();
    try {
      await take(bytes);
    } catch (error) {
      if (!(error instanceof TransshipError) || error.hint === '') throw error;
    }
    const tookMs = performance.now() - startMs;
    if (tookMs > hangMs) throw new Error(`took ${tookMs.toFixed(0)} ms`);
  });
  await fc.assert(property, { numRuns: runs, seed, endOnFailure: true });
}
