import { describe, expect, test } from 'vitest';
import type { JournalRecord } from '../../evidence/records.ts';
import { phaseOf, type StepName } from '../../evidence/steps.ts';
import { stepsOf } from '../plan.ts';
import type { Step } from '../step.ts';
import { strategyNames } from '../strategies/names.ts';
import { type CopyState, decide, type HostsSay } from './decide.ts';
import { stepsForward } from './forward.ts';
import { pastOf, stillToUndo } from './past.ts';

const states: readonly CopyState[] = ['runs', 'frozen', 'none', 'unknown'];
const everyAnswer: readonly HostsSay[] = states.flatMap((source) =>
  states.flatMap((destination) => [true, false, null].map((isGoSaid) => ({ source, destination, isGoSaid }))),
);

/** Of a controller that was killed in that step. */
function journalUntil(steps: readonly Step[], name: string, more: readonly [StepName, JournalRecord['event']][] = []) {
  const index = steps.findIndex((step) => step.name === name);
  const before = steps.slice(0, index).flatMap((step) => [[step.name, 'begin'] as const, [step.name, 'end'] as const]);
  const events = [...before, [name as StepName, 'begin'] as const, ...more];
  return events.map(([step, event], seq): JournalRecord => {
    return { seq, step, phase: phaseOf(step), host: null, event, atNs: '0', detail: {} };
  });
}

describe.each(strategyNames)('killed in a step of %s', (strategy) => {
  const steps = stepsOf({ strategy, isPlain: false });
  const names = steps.map((step) => step.name);
  const go = names.indexOf(strategy === 'docker' ? 'start' : 'dump');
  const commit = steps.findIndex((step) => step.commits);
  const verdicts = (name: string) => {
    const past = pastOf(steps, journalUntil(steps, name));
    return new Set(everyAnswer.map((says) => decide(past, says)));
  };

  test.each(names.slice(0, go))('%s: back, whatever the hosts say', (name) => {
    expect(verdicts(name)).toEqual(new Set(['back']));
  });

  test.each(names.slice(commit + 1))('%s: forward, whatever the hosts say, and nothing that is done is done again', (name) => {
    expect(verdicts(name)).toEqual(new Set(['forward']));
    const past = pastOf(steps, journalUntil(steps, name));
    expect(stepsForward(steps, past, null).map((step) => step.name)).toEqual(names.slice(names.indexOf(name)));
  });

  test.each(names.slice(go, commit + 1))('%s: by what the hosts say', (name) => {
    const past = pastOf(steps, journalUntil(steps, name));
    for (const says of everyAnswer) {
      const { source, destination, isGoSaid } = says;
      const decision = decide(past, says);
      const isThere = destination === 'runs' || destination === 'frozen';
      if (isGoSaid === false) expect(decision).toBe('back');
      else if (source === 'unknown' || destination === 'unknown' || (isThere && source === 'runs'))
        expect(decision).toBe('unsure');
      else if (isThere) expect(decision).toBe('forward');
      else expect(decision).toBe(past.isHalved ? 'unsure' : 'back');
    }
  });
});

describe('killed in a roll-back', () => {
  const steps = stepsOf({ strategy: 'docker', isPlain: false });
  const begun = pastOf(steps, journalUntil(steps, 'start', [['start', 'undo-begin']]));
  const stopped = journalUntil(steps, 'start', [
    ['start', 'undo-begin'],
    ['start', 'undo-end'],
    ['pause', 'undo-begin'],
  ]);

  test('it goes on backward, even where the destination runs', () => {
    expect(decide(begun, { source: 'frozen', destination: 'runs', isGoSaid: null })).toBe('back');
  });

  test('the destination must answer, unless it was stopped for good', () => {
    const says = { source: 'frozen', destination: 'unknown', isGoSaid: null } as const;
    expect(decide(begun, says)).toBe('unsure');
    expect(decide(pastOf(steps, stopped), says)).toBe('back');
  });

  test('what was undone is not undone again, but tidied', () => {
    const again = stillToUndo(pastOf(steps, stopped), stopped);
    const find = (name: string) => again.find((step) => step.name === name);
    expect(find('start')?.undo).toBeUndefined();
    expect(find('start')?.tidy).toBeDefined();
    expect(find('pause')?.undo).toBeDefined();
  });
});

describe('killed while the newest state lies on two hosts', () => {
  const steps = stepsOf({ strategy: 'post-copy', isPlain: false });

  test('once both were held, they stay so', () => {
    const past = pastOf(steps, journalUntil(steps, 'residual', [['residual', 'undo-end']]));
    expect(new Set(everyAnswer.map((says) => decide(past, says)))).toEqual(new Set(['unsure']));
  });

  test('a copy that was frozen there waits for its memory before it goes on', () => {
    const past = pastOf(steps, journalUntil(steps, 'hand-over'));
    const forward = stepsForward(steps, past, async () => {});
    expect(forward.slice(0, 2).map(({ name, commits }) => ({ name, commits }))).toEqual([
      { name: 'verify', commits: undefined },
      { name: 'residual', commits: true },
    ]);
    expect(forward.every((step, index) => index > 1 || step.keepsHalves)).toBe(true);
  });
});
