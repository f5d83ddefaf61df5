import type { JournalRecord } from '../../evidence/records.ts';
import type { StepName } from '../../evidence/steps.ts';
import type { Step } from '../step.ts';

/** What a journal tells of a move whose controller is gone. */
export interface Past {
  /** In the order of the strategy. */
  readonly begun: readonly Step[];
  readonly ended: readonly Step[];
  /** The destination has proved to run: it is the live copy. */
  readonly isCommitted: boolean;
  /** A step was begun by which the destination may run. */
  readonly mayRunThere: boolean;
  /** A roll-back was begun; not the holding of two halves, which undoes nothing. */
  readonly isGoingBack: boolean;
  /** It got so far that the destination was stopped for good. */
  readonly isStoppedThere: boolean;
  /** The newest state lies, or lay, on two hosts. */
  readonly isHalved: boolean;
  /** Both sides were held, and stay so. */
  readonly isHeld: boolean;
}

/** Begun, the destination may come to life without anybody's doing: Docker starts it, or the dump on the source says go. */
const lettingRun: readonly StepName[] = ['start', 'dump'];

export function pastOf(steps: readonly Step[], journal: readonly JournalRecord[]): Past {
  const had = (step: Step, event: JournalRecord['event']) =>
    journal.some((record) => record.step === step.name && record.event === event);
  const begun = steps.filter((step) => had(step, 'begin'));
  const isUndone = (step: Step) => had(step, 'undo-end') && step.undo !== undefined;
  // in verify both may be asked; where the journal tells of its undoing, both sides were held by it
  const isKeeper = (step: Step) => step.keepsHalves === true && (step.name !== 'verify' || had(step, 'undo-begin'));
  const keepers = begun.filter(isKeeper);
  const others = begun.filter((step) => !isKeeper(step));
  return {
    begun,
    ended: begun.filter((step) => had(step, 'end')),
    isCommitted: begun.some((step) => step.commits === true && had(step, 'end')),
    mayRunThere: begun.some((step) => lettingRun.includes(step.name)),
    isGoingBack: others.some((step) => had(step, 'undo-begin')),
    isStoppedThere: others.some((step) => step.undoMustHold === true && isUndone(step)),
    isHalved: keepers.length > 0,
    isHeld: keepers.some((step) => had(step, 'undo-end')),
  };
}

/**
 * Steps as a roll-back shall see them: what was undone is not undone again, since the folder that the undoing needs may be gone.
 * Their tidying, which takes nothing being there, is repeated.
 */
export function stillToUndo(past: Past, journal: readonly JournalRecord[]): readonly Step[] {
  const isUndone = (step: Step) => journal.some((record) => record.step === step.name && record.event === 'undo-end');
  return past.begun.map((step) => {
    if (!isUndone(step)) return step;
    const { undo: _undo, ...rest } = step;
    return rest;
  });
}

/** The step in which the controller was killed. */
export function lastOf({ begun }: Past): Step {
  const last = begun.at(-1);
  if (last === undefined) throw new Error('no step was begun');
  return last;
}
