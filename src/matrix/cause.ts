import type { HostFacts } from '../evidence/manifest.ts';
import { dockerLimit, knownBroken } from '../hosts/broken-combinations.ts';
import type { CriuLogSummary } from '../layers/criu/summary.ts';
import type { CellFailure } from './cells.ts';

interface Known {
  /** What the phase's command said. */
  readonly said: string;
  /** The logs of all phases; the file's folder is the phase. */
  readonly logs: readonly CriuLogSummary[];
  readonly facts: HostFacts | null;
}

/** Pure. Why a phase failed: CRIU's first true error and what is known of it, else Docker's words and what is known of these versions. */
export function failureOf(phase: string, { said, logs, facts }: Known): CellFailure {
  const failure = logs.find(({ file, failure }) => failure !== null && file.includes(`/${phase}/`))?.failure ?? null;
  const limit = facts === null ? null : (knownBroken(facts) ?? restoreLimit(phase, facts));
  const at = failure?.phase == null ? '' : `${failure.phase}: `;
  return {
    phase,
    message: failure === null ? lastWords(said) : `${at}${failure.message}`,
    cause: failure?.cause ?? limit,
    hint: failure?.cause == null ? null : failure.hint,
  };
}

function restoreLimit(phase: string, { versions }: HostFacts): string | null {
  return phase === 'bridge.restore' ? dockerLimit(versions) : null;
}

function lastWords(said: string): string {
  const lines = said.split('\n').filter((line) => line.trim() !== '');
  return (lines.find((line) => /error/i.test(line)) ?? lines.at(-1) ?? 'it said nothing').trim();
}
