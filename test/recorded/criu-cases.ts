import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { packageRoot } from '../../src/evidence/run-folder.ts';
import type { LogDigest } from '../../src/layers/criu/log-digest.ts';
import { type Candidate, findSources } from '../../src/layers/criu/log-files.ts';
import { treeOf } from '../../src/layers/criu/log-tree.ts';
import type { PhaseNode } from '../../src/layers/criu/phase-tree.ts';
import { type CriuStatistics, decodeStatistics } from '../../src/layers/criu/statistics.ts';

/** The recordings of this folder; large logs are kept packed. */
export const recordedRoot = join(packageRoot(), 'test/recorded/criu');

export const recordedCases: readonly string[] = readdirSync(recordedRoot, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map((entry) => entry.name);

export interface RecordedLog {
  readonly digest: LogDigest;
  readonly statistics: CriuStatistics | null;
  tree(): PhaseNode | null;
}

/** The logs of a case with their statistics, found as `transship import` finds them. */
export function readCase(name: string): readonly RecordedLog[] {
  const folder = unpackCase(name);
  try {
    const { sources } = findSources(filesIn(folder, name), [name]);
    return sources.flatMap(({ digest, number }) => {
      const stats = sources.find((source) => source.number === number && source.kind.startsWith('stats-'));
      if (digest === null) return [];
      const statistics = stats === undefined ? null : decodeStatistics(stats.shown, readFileSync(stats.path));
      return [{ digest, statistics, tree: () => treeOf(digest) }];
    });
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function filesIn(folder: string, shown: string): readonly Candidate[] {
  const names = readdirSync(folder, { recursive: true }) as string[];
  return names
    .filter((name) => statSync(join(folder, name)).isFile())
    .sort((a, b) => a.localeCompare(b, 'en', { numeric: true }))
    .map((name) => ({
      ...{ path: join(folder, name), shown: `${shown}/${name}`, isNamed: false },
      times: { mtimeNs: null, birthNs: null, resolutionNs: 0n },
    }));
}

/** One file of a case, unpacked. */
export function readRecorded(name: string, file: string): Buffer {
  try {
    return readFileSync(join(recordedRoot, name, file));
  } catch {
    return gunzipSync(readFileSync(join(recordedRoot, name, `${file}.gz`)));
  }
}

/** A copy of a case with plain logs, in a folder for temporary files; the caller removes it. */
export function unpackCase(name: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'transship-case-'));
  for (const entry of readdirSync(join(recordedRoot, name), { recursive: true, withFileTypes: true })) {
    if (!entry.isFile() || entry.name === 'outline.txt') continue;
    const from = join(entry.parentPath, entry.name);
    const to = join(folder, from.slice(join(recordedRoot, name).length)).replace(/\.gz$/, '');
    mkdirSync(dirname(to), { recursive: true });
    writeFileSync(to, from.endsWith('.gz') ? gunzipSync(readFileSync(from)) : readFileSync(from));
  }
  return folder;
}
