import { TransshipError } from '../../error.ts';
import type { JournalRecord } from '../../evidence/records.ts';
import { type EngineOptions, type EngineResult, runSteps, takeBack } from '../engine.ts';
import type { Move, Step } from '../step.ts';
import { decide, type HostsSay } from './decide.ts';
import { stepsForward } from './forward.ts';
import { lastOf, type Past, pastOf, stillToUndo } from './past.ts';

/** What a recovery does to hosts beside the steps. */
export interface Reach {
  /** Both are asked, once what was under way on them has ended. */
  ask(): Promise<HostsSay>;
  /** Lets the destination's copy go on, which an earlier recovery has frozen. */
  thawThere(): Promise<void>;
  /** Freezes what runs. @returns what could not be done */
  hold(says: HostsSay): Promise<readonly string[]>;
}

export interface Recovering {
  readonly steps: readonly Step[];
  readonly journal: readonly JournalRecord[];
  readonly options: Omit<EngineOptions, 'earlier'>;
  readonly reach: Reach;
}

export async function bringToEnd(move: Move, { steps, journal, options, reach }: Recovering): Promise<EngineResult> {
  const past = pastOf(steps, journal);
  const says = await reach.ask();
  const earlier = { begun: stillToUndo(past, journal), isCommitted: past.isCommitted };
  switch (decide(past, says)) {
    case 'forward': {
      const thawFirst = says.destination === 'frozen' ? reach.thawThere : null;
      return await runSteps(stepsForward(steps, past, thawFirst), move, { ...options, earlier });
    }
    case 'back':
      return await takeBack(lastOf(past), killedIn(past), { ...options, earlier, move });
    case 'unsure': {
      const undone = await reach.hold(says);
      await options.afterUndo();
      const outcome = past.isHeld ? 'halves-kept' : 'lost';
      return { outcome, failedStep: lastOf(past).name, error: unsure(move, says), warnings: undone, untidy: [] };
    }
  }
}

function killedIn(past: Past): TransshipError {
  const { name } = lastOf(past);
  return new TransshipError('failed', `the controller ended in step ${name}`, 'run the same migrate again when you like');
}

const words = { runs: 'ran', frozen: 'is frozen', none: 'does not run', unknown: 'cannot be asked' } as const;

function unsure({ source, destination, folder }: Move, says: HostsSay): TransshipError {
  return new TransshipError(
    'lost',
    `which copy is the live one is not known: on ${source.name} it ${words[says.source]}, on ${destination.name} it ${words[says.destination]}`,
    `nothing was removed; when both hosts can be reached: transship recover ${folder.run}`,
  );
}
