/**
 * `import { parseCriuLog } from 'transship/criu'`: CRIU's logs for other programs. Nothing here needs Node, so that a web page can use it
 * (a test holds that). Example and fields: docs/any-criu-log.md.
 */
import { logDigester } from './log-digest.ts';
import { treeOf } from './log-tree.ts';
import type { PhaseNode } from './phase-tree.ts';
import { decodeStatistics } from './statistics.ts';
import { type CriuLogSummary, summariseLog } from './summary.ts';

/** A phase with its parts: `criu.dump` is the root of a dump. Times in microseconds from CRIU's own zero. */
export interface CriuLogPhase {
  readonly name: string;
  readonly startUs: number;
  readonly durationUs: number;
  /** Line that it begins with; 0: CRIU's zero. */
  readonly line: number;
  /** CRIU's function. */
  readonly code: string;
  /** Of a task: its pid, as it is outside, and as its pid namespace has it. */
  readonly pid: number | null;
  readonly virtualPid: number | null;
  /** It only waits for something else. */
  readonly isWait: boolean;
  /** The first true error, on every phase down to the one where it happened. */
  readonly error: string | null;
  readonly parts: readonly CriuLogPhase[];
}

export interface CriuLogReport extends Omit<CriuLogSummary, 'iteration' | 'follows'> {
  readonly system: string | null;
  readonly runId: string | null;
  /** On a restore (CRIU 4.1 and later): `runId` of the dump it restores. */
  readonly dumpRunId: string | null;
  /** `null`: the log has no times, or does not tell what it is of. */
  readonly tree: CriuLogPhase | null;
  readonly warnings: readonly string[];
}

export interface ParseOptions {
  /** What messages call the log. */
  readonly file?: string;
  /** The bytes of `stats-dump` or `stats-restore`, for the report to hold. */
  readonly statistics?: Uint8Array;
  /** Every part of every task. */
  readonly isDetailed?: boolean;
}

/** Bytes at once or in pieces: a file's stream, a `Response.body`, an array. */
export type LogBytes = Uint8Array | Iterable<Uint8Array> | AsyncIterable<Uint8Array>;

/** Reads a log of any size piece by piece. Never fails on any content; damaged `statistics` throw. */
export async function parseCriuLog(bytes: LogBytes, options: ParseOptions = {}): Promise<CriuLogReport> {
  const { file = 'criu.log', isDetailed = false } = options;
  const digester = logDigester(file);
  if (bytes instanceof Uint8Array) digester.take(bytes);
  else for await (const piece of bytes) digester.take(piece);
  const digest = digester.end();
  const statistics = options.statistics === undefined ? null : decodeStatistics(`statistics of ${file}`, options.statistics);
  const tree = treeOf(digest, { isDetailed });
  return {
    ...summariseLog({ digest, statistics, tree }),
    ...{ system: digest.system, runId: digest.runId, dumpRunId: digest.dumpRunId, warnings: digest.warnings },
    tree: tree && phaseOf(tree),
  };
}

/** Parts are never deeper than six. */
function phaseOf(node: PhaseNode): CriuLogPhase {
  const { pid, vpid } = node.groups;
  return {
    ...{ name: node.phase.name, startUs: node.startUs, durationUs: node.endUs - node.startUs, line: node.line },
    ...{
      code: node.phase.code,
      pid: pid === undefined ? null : Number(pid),
      virtualPid: vpid === undefined ? null : Number(vpid),
    },
    ...{ isWait: node.phase.isWait === true, error: node.error ?? null, parts: node.children.map(phaseOf) },
  };
}
