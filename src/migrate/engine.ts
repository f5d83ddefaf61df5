import { TransshipError } from '../error.ts';
import type { StepName } from '../evidence/steps.ts';
import { interrupted } from './bounded.ts';
import { EndedThere } from './ended-there.ts';
import type { Journal } from './journal.ts';
import type { Move, Step } from './step.ts';
import { hostName, type Telling, telling } from './telling.ts';
import { doWithinLimit, saidAfterwards } from './within-limit.ts';

interface Ending {
  readonly warnings: readonly string[];
  /** Steps that left something on their host: their tidy failed or, after the commit, they themselves. */
  readonly untidy: readonly StepName[];
}

export type EngineResult =
  | (Ending & { readonly outcome: 'migrated' })
  | (Ending & {
      readonly outcome: 'rolled-back' | 'lost' | 'halves-kept';
      readonly failedStep: StepName;
      readonly error: TransshipError;
    });

export interface EngineOptions {
  readonly journal: Journal;
  /** What another controller had begun when it was killed; none: the move begins. */
  readonly earlier?: Earlier;
  /** Between undo and tidy, when the source runs again and what failed can still be looked at. */
  readonly afterUndo: () => Promise<void>;
  /** Asked when all undoing is done: does the source run? Its own words are taken, never ours. */
  readonly isSourceLive: () => Promise<boolean>;
}

export interface Earlier {
  /** In the order in which they were begun. */
  readonly begun: readonly Step[];
  readonly isCommitted: boolean;
}

interface Course {
  readonly move: Move;
  readonly options: EngineOptions;
  readonly tell: Telling;
  readonly begun: Step[];
  readonly warnings: string[];
  readonly untidy: StepName[];
}

/**
 * Runs the steps in order. A step that fails, or an interrupt between two of them, undoes all that was begun, last first;
 * after the step that commits, failures are warnings and interrupts are too late.
 */
export async function runSteps(steps: readonly Step[], move: Move, options: EngineOptions): Promise<EngineResult> {
  const course = openCourse(move, options);
  const { warnings } = course;
  let isCommitted = options.earlier?.isCommitted ?? false;
  for (const step of steps) {
    try {
      if (!isCommitted && !step.keepsHalves && move.signal.aborted) throw interrupted();
      await perform(step, course, isCommitted);
      if (!isCommitted && !step.commits && !step.keepsHalves && move.signal.aborted) throw interrupted();
      isCommitted ||= step.commits === true;
    } catch (cause) {
      const error = asTransshipError(cause, step, move);
      const keeps = step.keepsHalves && !(error instanceof EndedThere);
      if (!isCommitted) return await (keeps ? keepHalves(course, step, error) : rollBack(course, step, error));
      warnings.push(`${step.name}: ${error.message} (${error.hint})`);
      course.untidy.push(step.name);
    }
  }
  return { outcome: 'migrated', warnings, untidy: course.untidy };
}

/** Undoes what another controller had begun, as if its last step had failed with this error. */
export async function takeBack(failed: Step, error: TransshipError, on: EngineOptions & { move: Move }): Promise<EngineResult> {
  return await rollBack(openCourse(on.move, on), failed, error);
}

function openCourse(move: Move, options: EngineOptions): Course {
  const warnings: string[] = [];
  const begun = [...(options.earlier?.begun ?? [])];
  return { move, options, tell: telling(move, options.journal, warnings), begun, warnings, untidy: [] };
}

async function perform(step: Step, { move, tell, begun }: Course, isCommitted: boolean): Promise<void> {
  // A step that the journal refuses is not begun, where there is still a way back.
  if (isCommitted || step.keepsHalves) tell.begin(step);
  else tell.mustBegin(step);
  if (isCommitted || step.keepsHalves || step.commits) move.report.noReturn();
  begun.push(step);
  try {
    tell.ended(step, 'end', (await doWithinLimit(step, move)) ?? {});
  } catch (error) {
    tell.ended(step, 'failed', { error: messageOf(error) });
    throw error;
  }
}

async function rollBack(course: Course, failed: Step, error: TransshipError): Promise<EngineResult> {
  const { options, warnings, untidy } = course;
  const lost = { outcome: 'lost', failedStep: failed.name, error, warnings, untidy } as const;
  const lastFirst = course.begun.filter((step) => !step.keepsHalves).reverse(); // holding both is no part of a way back
  for (const step of lastFirst) {
    const isDone = await putBack(course, step, step.undo);
    if (isDone || step.undoMustHold !== true) continue;
    warnings.push(
      'the source stays frozen: see that the destination does not run it, then decide. `transship recover` goes on back, which un-happens what was answered there until then',
    );
    await collect(course);
    return lost;
  }
  const isLive = await options.isSourceLive().catch((cause) => {
    warnings.push(`whether the source runs is not known: ${messageOf(cause)}`);
    return false;
  });
  await collect(course);
  const said = saidAfterwards(error, course.move);
  // Nothing is removed while the container runs nowhere: it could be the only copy of its memory.
  if (!isLive) return { ...lost, error: said };
  await course.move.found.givenUp; // what it still makes is to be removed, too
  for (const step of lastFirst) if (!(await putBack(course, step, step.tidy))) untidy.push(step.name);
  return { ...lost, outcome: 'rolled-back', error: said };
}

/** Nothing is undone but the step itself, whose undo holds both sides; where it fails, nobody may say that both stand still. */
async function keepHalves(course: Course, failed: Step, error: TransshipError): Promise<EngineResult> {
  const isHeld = await putBack(course, failed, failed.undo);
  await collect(course);
  return {
    outcome: isHeld ? 'halves-kept' : 'lost',
    failedStep: failed.name,
    error,
    warnings: course.warnings,
    untidy: course.untidy,
  };
}

async function collect({ options, warnings }: Course): Promise<void> {
  await options.afterUndo().catch((cause) => warnings.push(`collecting evidence: ${messageOf(cause)}`));
}

/** @returns false when it failed; it throws nothing, so that the others are done all the same */
async function putBack({ move, tell, warnings }: Course, step: Step, act: Step['undo']): Promise<boolean> {
  if (act === undefined) return true;
  tell.beginUndo(step);
  try {
    await act.call(step, move);
    tell.ended(step, 'undone');
    return true;
  } catch (error) {
    tell.ended(step, 'undo-failed', { error: messageOf(error) });
    const hint = error instanceof TransshipError ? ` (${error.hint})` : '';
    warnings.push(`undoing ${step.name}: ${messageOf(error)}${hint}`);
    return false;
  }
}

function asTransshipError(cause: unknown, step: Step, move: Move): TransshipError {
  if (cause instanceof TransshipError) return cause;
  if (move.signal.aborted) return interrupted();
  const host = hostName(step, move);
  const place = host === null ? step.name : `${step.name} on ${host}`;
  return new TransshipError('failed', `${place}: ${messageOf(cause)}`, 'the evidence of the run says more: transship show RUN', {
    cause,
  });
}

/** In one line: Docker quotes runc's several. */
export function messageOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.trim().replace(/\s*\n\s*/g, '; ');
}
