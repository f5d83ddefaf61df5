import { TransshipError } from '../error.ts';
import type { Journal } from './journal.ts';
import type { Move, Step, StepEvent } from './step.ts';
import { doWithinLimit, saidAfterwards } from './within-limit.ts';

export type EngineResult =
  | { readonly outcome: 'migrated'; readonly warnings: readonly string[] }
  | {
      readonly outcome: 'rolled-back' | 'lost' | 'halves-kept';
      readonly failedStep: string;
      readonly error: TransshipError;
      readonly warnings: readonly string[];
    };

export interface EngineOptions {
  readonly journal: Journal;
  /** Between undo and tidy, when the source runs again and what failed can still be looked at. */
  readonly afterUndo: () => Promise<void>;
  /** Asked when all undoing is done: does the source run? Its own words are taken, never ours. */
  readonly isSourceLive: () => Promise<boolean>;
}

/**
 * Runs the steps in order. A step that fails, or an interrupt between two of them, undoes all that was begun, last first;
 * after the step that commits, failures are warnings and interrupts are too late.
 */
export async function runSteps(steps: readonly Step[], move: Move, options: EngineOptions): Promise<EngineResult> {
  const begun: Step[] = [];
  const warnings: string[] = [];
  let isCommitted = false;
  for (const step of steps) {
    try {
      if (!isCommitted && !step.keepsHalves && move.signal.aborted) throw interrupted();
      begun.push(step);
      await perform(step, move, options.journal);
      if (!isCommitted && !step.commits && move.signal.aborted) throw interrupted();
      isCommitted ||= step.commits === true;
    } catch (cause) {
      const error = asTransshipError(cause, step, move);
      if (isCommitted) warnings.push(`${step.name}: ${error.message} (${error.hint})`);
      else if (step.keepsHalves) return await keepHalves({ failed: step, error, move, options, warnings });
      else return await rollBack({ begun, failed: step, error, move, options, warnings });
    }
  }
  return { outcome: 'migrated', warnings };
}

async function perform(step: Step, move: Move, journal: Journal): Promise<void> {
  const host = hostName(step, move);
  const started = performance.now();
  const tell = (state: StepEvent['state'], detail: StepEvent['detail'] = {}) =>
    move.report.step({
      step: step.name,
      host,
      state,
      durationMs: state === 'begin' ? null : performance.now() - started,
      detail,
    });
  journal.write({ step: step.name, host, event: 'begin' });
  tell('begin');
  try {
    const detail = (await doWithinLimit(step, move)) ?? {};
    journal.write({ step: step.name, host, event: 'end', detail });
    tell('end', detail);
  } catch (error) {
    const detail = { error: messageOf(error) };
    journal.write({ step: step.name, host, event: 'failed', detail });
    tell('failed', detail);
    throw error;
  }
}

interface RollBack {
  readonly begun: readonly Step[];
  readonly failed: Step;
  readonly error: TransshipError;
  readonly move: Move;
  readonly options: EngineOptions;
  readonly warnings: string[];
}

async function rollBack({ begun, failed, error, move, options, warnings }: RollBack): Promise<EngineResult> {
  const lastFirst = [...begun].reverse();
  for (const step of lastFirst) {
    const isDone = await putBack({ step, act: step.undo, move, options, warnings });
    if (isDone || step.undoMustHold !== true) continue;
    warnings.push('the destination could not be stopped, so the source stays frozen: look there first, then decide');
    await options.afterUndo().catch((cause) => warnings.push(`collecting evidence: ${messageOf(cause)}`));
    return { outcome: 'lost', failedStep: failed.name, error, warnings };
  }
  const isLive = await options.isSourceLive().catch(() => false);
  await options.afterUndo().catch((cause) => warnings.push(`collecting evidence: ${messageOf(cause)}`));
  await move.found.givenUp; // what it still makes is to be removed, too
  for (const step of lastFirst) await putBack({ step, act: step.tidy, move, options, warnings });
  return { outcome: isLive ? 'rolled-back' : 'lost', failedStep: failed.name, error: saidAfterwards(error, move), warnings };
}

/** Nothing is undone but the step itself, whose undo holds both sides. */
async function keepHalves({ failed, error, move, options, warnings }: Omit<RollBack, 'begun'>): Promise<EngineResult> {
  await putBack({ step: failed, act: failed.undo, move, options, warnings });
  await options.afterUndo().catch((cause) => warnings.push(`collecting evidence: ${messageOf(cause)}`));
  return { outcome: 'halves-kept', failedStep: failed.name, error, warnings };
}

interface PutBack {
  readonly step: Step;
  readonly act: ((move: Move) => Promise<void>) | undefined;
  readonly move: Move;
  readonly options: EngineOptions;
  readonly warnings: string[];
}

/** @returns false when it failed; it throws nothing, so that the others are done all the same */
async function putBack({ step, act, move, options, warnings }: PutBack): Promise<boolean> {
  if (act === undefined) return true;
  const host = hostName(step, move);
  const started = performance.now();
  options.journal.write({ step: step.name, host, event: 'undo-begin' });
  try {
    await act.call(step, move);
    options.journal.write({ step: step.name, host, event: 'undo-end' });
    move.report.step({ step: step.name, host, state: 'undone', durationMs: performance.now() - started, detail: {} });
    return true;
  } catch (error) {
    const detail = { error: messageOf(error) };
    options.journal.write({ step: step.name, host, event: 'undo-failed', detail });
    move.report.step({ step: step.name, host, state: 'undo-failed', durationMs: performance.now() - started, detail });
    warnings.push(`undoing ${step.name}: ${messageOf(error)}`);
    return false;
  }
}

function hostName(step: Step, move: Move): string | null {
  return step.on === 'both' ? null : move[step.on].name;
}

function interrupted(): TransshipError {
  return new TransshipError('interrupted', 'interrupted', 'nothing was moved; run the same command again when you like');
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
