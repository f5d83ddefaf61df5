import { TransshipError } from '../../error.ts';
import { type Decision, decide, type HostsSay } from './decide.ts';
import type { Past } from './past.ts';

/** Which of the two ways out of kept halves: `on` waits for the rest of the memory, `back` un-happens what was answered since the freeze. */
export type Chosen = 'on' | 'back';

/**
 * Where both halves are held nobody but the user decides, once: a way back that was begun is gone to its end.
 * @throws TransshipError `usage` when there is nothing to choose
 */
export function decideAs(chosen: Chosen | null, past: Past, says: HostsSay): Decision {
  const isOpen = past.isHeld && !past.isCommitted;
  if (isOpen && past.isGoingBack && chosen !== 'on') return 'back';
  if (chosen === null) return decide(past, says);
  if (!isOpen || past.isGoingBack)
    throw new TransshipError(
      'usage',
      past.isGoingBack ? 'it goes back to the freeze already' : 'there are no two halves to choose between',
      'transship recover RUN, with neither --go-on nor --go-back',
    );
  if (chosen === 'back') return 'back';
  const isThere = says.destination === 'frozen' || says.destination === 'runs';
  return isThere && says.source === 'frozen' ? 'forward' : 'unsure';
}
