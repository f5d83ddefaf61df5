import type { CriuLogSummary } from '../layers/criu/summary.ts';
import type { CellResult } from './cells.ts';

export interface CellRequest {
  /** Name of its set of hosts. */
  readonly set: string;
  /** What is played instead of the matrix's own test; empty: that. */
  readonly words: readonly string[];
  /** Its hosts go on from a saved state, which is made where there is none. */
  readonly isSaved: boolean;
  /** The run that its evidence becomes. */
  readonly runName: string;
  /** A folder of this cell's own, for what comes from its hosts. */
  readonly folder: string;
  /** What `transship` is run by. */
  readonly program: readonly string[];
  readonly say: (line: string) => void;
  /** Aborted: nothing is left, and there is no result. */
  readonly signal: AbortSignal;
  /** Makes a run of an archive of evidence, null where nothing of CRIU's is in it. */
  readonly keep: (archive: string) => Promise<Kept | null>;
}

export interface Kept {
  readonly run: string;
  readonly logs: readonly CriuLogSummary[];
}

/** What a test found, beside its hosts' coming up. */
export type Played = Pick<CellResult, 'phases' | 'failures' | 'run'>;
