import { type KnownFailure, knownFailures } from './known-failures.ts';
import type { LogDigest } from './log-digest.ts';
import type { LogLine } from './log-grammar.ts';

export interface Failure {
  readonly file: string;
  readonly line: number;
  readonly us: number | null;
  readonly lane: number | null;
  /** CRIU's words, with its prefix. */
  readonly message: string;
  readonly cause: string | null;
  readonly hint: string | null;
}

/** `unknown`: not every log says; the default verbosity of CRIU prints neither success nor times. */
export type LogOutcome = 'ok' | 'failed' | 'truncated' | 'unknown';

/** Errors that are printed in successful runs, too, or only follow from another one. */
const noise: readonly RegExp[] = [
  /rlimit: Can't setup RLIMIT_NOFILE for self/,
  /Unable to detach from \d+: No such process/,
  /^(?:Dumping|Pre-dumping|Restoring) FAILED/,
  /killed by signal 9\b/,
  /^exited, status=\d+$/, // of a hook or a helper: the next error names it
  /restore late stage hook for external plugin failed/,
];

/** The first true error: noise left out, and a line that is known to tell the cause before one that is not. */
export function failureOf(digest: LogDigest): Failure | null {
  const outcome = outcomeOf(digest);
  if (outcome !== 'failed') return null;
  const candidates = digest.problems.filter((line) => !noise.some((pattern) => pattern.test(line.text)));
  const first = candidates.find((line) => line.level === 'error' || knownFailureOf(line.text) !== undefined);
  const line = first ?? digest.problems.find(({ level }) => level === 'error');
  return line === undefined ? null : toFailure(line);
}

export function outcomeOf(digest: LogDigest): LogOutcome {
  if (digest.end !== null) return digest.end;
  if (digest.problems.some(isTrueError)) return 'failed';
  if (digest.isTimed && (digest.kind === 'dump' || digest.kind === 'pre-dump' || digest.kind === 'restore')) return 'truncated';
  return 'unknown';
}

function isTrueError(line: LogLine): boolean {
  if (noise.some((pattern) => pattern.test(line.text))) return false;
  return line.level === 'error' || knownFailureOf(line.text)?.isQuiet === true;
}

function knownFailureOf(text: string): KnownFailure | undefined {
  return knownFailures.find((known) => known.text.test(text));
}

function toFailure(line: LogLine): Failure {
  const known = knownFailureOf(line.text);
  return {
    ...{ file: line.file, line: line.line, us: line.us, lane: line.lane, message: line.text },
    cause: known?.cause ?? null,
    hint: known?.hint ?? null,
  };
}
