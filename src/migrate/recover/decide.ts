import type { Past } from './past.ts';

/** How a copy stands: by runc's word, and Docker's where runc knows none. `none`: it does not run. `unknown`: the host does not answer. */
export type CopyState = 'runs' | 'frozen' | 'none' | 'unknown';

export interface HostsSay {
  readonly source: CopyState;
  readonly destination: CopyState;
  /** Did the dump on the source say go? Null: nobody knows, or the strategy has no such word (Docker's start is the go). */
  readonly isGoSaid: boolean | null;
}

/** `unsure`: whoever can be reached is frozen, and somebody has to look. */
export type Decision = 'back' | 'forward' | 'unsure';

/**
 * Where a move goes whose controller is gone. Back is safe wherever the destination answers, as the way back stops it for good before the
 * source goes on; forward is right when it runs and the source does not.
 */
export function decide(past: Past, says: HostsSay): Decision {
  if (past.isCommitted) return 'forward';
  if (past.isHeld) return 'unsure';
  if (!past.mayRunThere || past.isStoppedThere || says.isGoSaid === false) return 'back';
  if (says.source === 'unknown' || says.destination === 'unknown') return 'unsure';
  const isThere = says.destination !== 'none';
  if (past.isHalved) return isThere && says.source !== 'runs' ? 'forward' : 'unsure';
  if (past.isGoingBack || !isThere) return 'back';
  return says.source === 'runs' ? 'unsure' : 'forward';
}
