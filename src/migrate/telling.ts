import type { Journal } from './journal.ts';
import type { Move, Step, StepDetail, StepEvent } from './step.ts';

type Word = StepEvent['state'];
type Entry = Parameters<Journal['write']>[0]['event'];
const journalled = {
  begin: 'begin',
  end: 'end',
  failed: 'failed',
  undone: 'undo-end',
  'undo-failed': 'undo-failed',
} as const satisfies Record<Word, Entry>;

/** What a move tells of itself, in the journal and to whoever watches. */
export interface Telling {
  /** @throws when the journal does not take it: a killed controller would leave no word of the step */
  mustBegin(step: Step): void;
  begin(step: Step): void;
  beginUndo(step: Step): void;
  ended(step: Step, word: Exclude<Word, 'begin'>, detail?: StepDetail): void;
}

/**
 * Only the word that a step begins may keep it from beginning. All else is told of what is done already: a full disk or a closed
 * terminal must neither stop an undo nor turn what was done into what was not. The first failure of each is a warning.
 */
export function telling(move: Move, journal: Journal, warnings: string[]): Telling {
  const begun = new Map<Step, number>();
  const attempt = firstFailures(warnings);
  const write = (step: Step, event: Entry, detail: StepDetail = {}) =>
    journal.write({ step: step.name, host: hostName(step, move), event, detail });
  const writeIfCan = (...entry: Parameters<typeof write>) => attempt('the journal is not whole', () => write(...entry));
  const report = (step: Step, state: Word, detail: StepDetail = {}) => {
    const durationMs = state === 'begin' ? null : performance.now() - (begun.get(step) ?? performance.now());
    const event = { step: step.name, host: hostName(step, move), state, durationMs, detail };
    attempt('what the steps did could not be told', () => move.report.step(event));
  };
  const start = (step: Step) => {
    begun.set(step, performance.now());
    report(step, 'begin');
  };
  return {
    mustBegin: (step) => {
      write(step, 'begin');
      start(step);
    },
    begin: (step) => {
      writeIfCan(step, 'begin');
      start(step);
    },
    beginUndo: (step) => {
      writeIfCan(step, 'undo-begin');
      begun.set(step, performance.now());
    },
    ended: (step, word, detail = {}) => {
      writeIfCan(step, journalled[word], detail);
      report(step, word, detail);
    },
  };
}

/** Does what it can; the first time that something fails is a warning. */
function firstFailures(warnings: string[]): (what: string, act: () => void) => void {
  const failed = new Set<string>();
  return (what, act) => {
    try {
      act();
    } catch (error) {
      if (!failed.has(what)) warnings.push(`${what}: ${(error as Error).message}`);
      failed.add(what);
    }
  };
}

/** Null: the step acts on both. */
export function hostName(step: Step, move: Move): string | null {
  return step.on === 'both' ? null : move[step.on].name;
}
