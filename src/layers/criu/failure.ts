import { type KnownFailure, knownFailures, suspects } from './known-failures.ts';
import type { LogDigest } from './log-digest.ts';
import type { LogLine } from './log-grammar.ts';
import { endMarkers } from './log-markers.ts';

export interface Failure {
  readonly file: string;
  readonly line: number;
  readonly us: number | null;
  readonly lane: number | null;
  /** CRIU's words, with its prefix. */
  readonly message: string;
  readonly cause: string | null;
  readonly hint: string | null;
  /** CRIU's own place of the line: files and functions where they are known, else as the log has it. */
  readonly source: string | null;
}

/** `unknown`: not every log says; the default verbosity of CRIU prints neither success nor times. */
export type LogOutcome = 'ok' | 'failed' | 'truncated' | 'unknown';

/** Errors that are printed in successful runs, too. */
const harmless: readonly RegExp[] = [
  /rlimit: Can't setup RLIMIT_NOFILE for self/,
  /restore late stage hook for external plugin failed/,
];

/** What only follows from an error before it: it is no cause, unless it stands alone. */
const consequences: readonly RegExp[] = [
  /Unable to detach from \d+: No such process/,
  /killed by signal 9\b/,
  /^exited, status=\d+$/, // of a hook or a helper: the next error names it
];

const isAny = (patterns: readonly RegExp[], { text }: LogLine) => patterns.some((pattern) => pattern.test(text));

/**
 * The first true error: harmless ones left out, and a line that is known to tell the cause before one that is not. Where CRIU says no more
 * than that it failed: a line that is known to be why, though it is no error; else what it was at.
 */
export function failureOf(digest: LogDigest): Failure | null {
  if (outcomeOf(digest) !== 'failed') return null;
  const said = digest.problems.filter((line) => !isAny(harmless, line) && !endMarkers.failed.test(line.text));
  const isTelling = (line: LogLine) => line.level === 'error' || knownFailureOf(line.text) !== undefined;
  const end = digest.problems.find(({ text }) => endMarkers.failed.test(text));
  const alone = said.find((line) => line.level === 'error' && (end === undefined || line.line < end.line));
  const first = said.find((line) => isTelling(line) && !isAny(consequences, line)) ?? alone;
  if (first !== undefined) return toFailure(earlierDeath(said, first));
  const last = end ?? digest.problems.find(({ level }) => level === 'error');
  return last === undefined ? null : silentFailure(digest, last);
}

/** A task that was killed comes before the errors of those who look for it. */
function earlierDeath(said: readonly LogLine[], first: LogLine): LogLine {
  const isAftermath = /^Can't attach to \d+: No such process/.test(first.text);
  return (isAftermath && said.find((line) => line.line < first.line && isAny(consequences, line))) || first;
}

export function outcomeOf(digest: LogDigest): LogOutcome {
  if (digest.end !== null) return digest.end;
  if (digest.problems.some(isTrueError)) return 'failed';
  if (digest.isTimed && (digest.kind === 'dump' || digest.kind === 'pre-dump' || digest.kind === 'restore')) return 'truncated';
  return 'unknown';
}

function isTrueError(line: LogLine): boolean {
  if (isAny(harmless, line) || isAny(consequences, line)) return false;
  return line.level === 'error' || knownFailureOf(line.text)?.isQuiet === true;
}

function knownFailureOf(text: string): KnownFailure | undefined {
  return knownFailures.find((known) => known.text.test(text));
}

function toFailure(line: LogLine, known = knownFailureOf(line.text)): Failure {
  return {
    ...{ file: line.file, line: line.line, us: line.us, lane: line.lane, message: line.text },
    ...{ cause: known?.cause ?? null, hint: known?.hint ?? null, source: known?.source ?? line.source },
  };
}

function silentFailure({ lastWords, suspect }: LogDigest, end: LogLine): Failure {
  if (suspect !== null)
    return toFailure(
      suspect,
      suspects.find(({ text }) => text.test(suspect.text)),
    );
  const at = lastWords === null ? '' : `; the last it was at, line ${lastWords.line}: ${lastWords.text.trim()}`;
  return {
    ...{ file: end.file, line: end.line, us: end.us, lane: end.lane, message: `${end.text} CRIU gave no reason${at}` },
    cause: 'CRIU gave no reason: it was told to stop (a signal, --timeout, the engine), or an error of it has no message',
    hint: "look into the engine's own log and dmesg for the same moment; repeat with -v4",
    source: end.source,
  };
}
