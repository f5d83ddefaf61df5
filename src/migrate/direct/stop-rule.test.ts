import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readRecorded } from '../../../test/recorded/criu-cases.ts';
import { decodeStatistics } from '../../layers/criu/statistics.ts';
import { judge, type Round, type StopLimits, stopLimits, withDefaults } from './stop-rule.ts';

const defaults = withDefaults();

function recorded(chain: string, name: string): Round {
  const { values } = decodeStatistics(name, readRecorded(chain, `${name}/stats-dump`));
  const pagesWritten = values.pages_written ?? Number.NaN;
  return { pagesWritten, pagesSkipped: values.pages_skipped_parent ?? Number.NaN, bytes: 4096 * pagesWritten, durationMs: 3000 };
}

/** Goes on until the rule stops it, or the rounds are used up: what the step `pre-dump` does. */
function play(rounds: readonly Round[], limits: StopLimits) {
  for (let done = 0; done <= rounds.length; done += 1) {
    const verdict = judge(rounds.slice(0, done), limits);
    if (!verdict.goesOn) return { done, reason: verdict.reason };
  }
  return null;
}

const chain = (name: string) => ['p1', 'p2', 'p3'].map((round) => recorded(name, round));
const round = (pagesWritten: number): Round => ({ pagesWritten, pagesSkipped: 0, bytes: 0, durationMs: 1 });

describe('recorded chains', () => {
  test('the same 1000 keys are written all the time: few enough pages are left after round 2', () => {
    expect(play(chain('q-precopy-hot'), defaults)).toEqual({
      done: 2,
      reason: 'round 2 wrote 1107 pages, no more than the 2560 that may be left',
    });
  });

  test('and were fewer wanted, round 3 shows that they come again', () => {
    expect(play(chain('q-precopy-hot'), withDefaults({ pagesLeft: 500 }))).toEqual({
      done: 3,
      reason: 'round 3 wrote 1105 pages, 99.8 % of the 1107 before: what is left does not shrink',
    });
  });

  test('keys written at random: given up after round 3, which wrote more than round 2', () => {
    expect(play(chain('q-precopy-random'), defaults)).toEqual({
      done: 3,
      reason: 'round 3 wrote 4842 pages, 100.6 % of the 4811 before: what is left does not shrink',
    });
  });

  test.each(['q-precopy-hot', 'q-precopy-random'])(
    '%s: what the last round wrote is within 2 %% of what the dump wrote',
    (name) => {
      const { pagesWritten } = recorded(name, 'f');
      expect(Math.abs(recorded(name, 'p3').pagesWritten / pagesWritten - 1)).toBeLessThan(0.02);
    },
  );
});

describe('limits', () => {
  test('no round yet: there is a first one, whatever the limits', () => {
    expect(judge([], { maxRounds: 1, pagesLeft: 1e9, maxGrowth: 0 })).toEqual({ goesOn: true });
  });

  test('a small container needs but one', () => {
    expect(play([round(900), round(900)], defaults)?.done).toBe(1);
  });

  test('the most rounds are named when nothing else stops', () => {
    const halving = Array.from({ length: 12 }, (_, index) => round(2 ** (30 - index)));
    expect(play(halving, defaults)).toEqual({ done: 8, reason: '8 rounds are the most that are allowed' });
    expect(play(halving, withDefaults({ maxRounds: 3 }))?.done).toBe(3);
  });

  test('each has a reason and a default, and what is given counts', () => {
    for (const { reason, about } of stopLimits)
      expect([reason.length > 20, about.startsWith('pre-copy: ')]).toEqual([true, true]);
    expect(defaults).toEqual({ maxRounds: 8, pagesLeft: 2560, maxGrowth: 0.9 });
    expect(withDefaults({ pagesLeft: 0 })).toEqual({ ...defaults, pagesLeft: 0 });
  });
});

describe('whatever a container does', () => {
  const anyLimits = fc.record({
    maxRounds: fc.integer({ min: 1, max: 30 }),
    pagesLeft: fc.nat(),
    maxGrowth: fc.double({ min: 0, max: 1e6, noNaN: true }),
  });
  const anyRounds = fc.array(fc.nat().map(round), { minLength: 30, maxLength: 40 });

  test('it ends within the most rounds, after at least one, and says why', () => {
    fc.assert(
      fc.property(anyRounds, anyLimits, (rounds, limits) => {
        const end = play(rounds, limits);
        expect(end?.done).toBeGreaterThan(0);
        expect(end?.done).toBeLessThanOrEqual(limits.maxRounds);
        expect(end?.reason).toMatch(/round/);
      }),
    );
  });

  test('with a growth below 1, what is left shrinks in every round but the last', () => {
    fc.assert(
      fc.property(anyRounds, (rounds) => {
        const done = play(rounds, withDefaults({ maxRounds: 30 }))?.done ?? 0;
        for (let index = 1; index < done - 1; index += 1)
          expect(rounds[index]?.pagesWritten).toBeLessThanOrEqual(0.9 * (rounds[index - 1]?.pagesWritten ?? 0));
      }),
    );
  });
});
