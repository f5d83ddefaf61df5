import { TransshipError } from '../../error.ts';
import type { JournalRecord } from '../../evidence/records.ts';
import { type EngineOptions, type EngineResult, runSteps, takeBack } from '../engine.ts';
import type { Move, Step } from '../step.ts';
import { type Chosen, decideAs } from './chosen.ts';
import type { HostsSay } from './decide.ts';
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
  /** By the user, where two halves are kept; null: nothing was. */
  readonly chosen: Chosen | null;
}

export async function bringToEnd(move: Move, { steps, journal, options, reach, chosen }: Recovering): Promise<EngineResult> {
  const past = pastOf(steps, journal);
  const says = await reach.ask();
  const earlier = { begun: stillToUndo(past, journal), isCommitted: past.isCommitted };
  switch (decideAs(chosen, past, says)) {
    case 'forward': {
      const thawFirst = says.destination === 'frozen' ? reach.thawThere : null;
      return await runSteps(stepsForward(steps, past, thawFirst), move, { ...options, earlier });
    }
    case 'back':
      return await takeBack(lastOf(past), past.isHeld ? wentBack(move) : killedIn(past), { ...options, earlier, move });
    case 'unsure': {
      const undone = await reach.hold(says);
      await options.afterUndo();
      const ending = { failedStep: lastOf(past).name, warnings: undone, untidy: [] };
      if (past.isHeld) return { ...ending, outcome: 'halves-kept', error: undecided(move, says) };
      return { ...ending, outcome: 'lost', error: unsure(move, says) };
    }
  }
}

function killedIn(past: Past): TransshipError {
  const { name } = lastOf(past);
  return new TransshipError('failed', `the controller ended in step ${name}`, 'run the same migrate again when you like');
}

function wentBack({ source, destination }: Move): TransshipError {
  return new TransshipError(
    'failed',
    `it went back to the freeze on ${source.name}: what was answered on ${destination.name} is undone`,
    'run the same migrate again when you like',
  );
}

const words = { runs: 'ran', frozen: 'is frozen', none: 'does not run', unknown: 'cannot be asked' } as const;

function unsure(move: Move, says: HostsSay): TransshipError {
  const { folder } = move;
  return new TransshipError(
    'lost',
    `which copy is the live one is not known: ${standing(move, says)}`,
    `nothing was removed; when both hosts can be reached: transship recover ${folder.run}`,
  );
}

/** Where one of the two ways was chosen, it cannot be gone. */
function undecided(move: Move, says: HostsSay): TransshipError {
  return new TransshipError(
    'lost',
    `both halves are kept: ${standing(move, says)}`,
    'one of the two ways that remain is for you to choose; on needs both sides',
  );
}

function standing({ source, destination }: Move, says: HostsSay): string {
  return `on ${source.name} it ${words[says.source]}, on ${destination.name} it ${words[says.destination]}`;
}
