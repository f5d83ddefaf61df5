import { describe, expect, test } from 'vitest';
import { differences, mayBeChance, type RunTimes } from './difference.ts';
import { medianDifference, medianInterval } from './median-interval.ts';

function runs(...times: readonly Readonly<Record<string, number>>[]): readonly RunTimes[] {
  return times.map((one) => new Map(Object.entries(one)));
}

describe('two sets of runs', () => {
  test('medians and their difference, the largest first; what one side lacks is no 0', () => {
    const before = runs({ freeze: 100, pack: 3000, same: 5 }, { freeze: 104, pack: 3400, same: 5 }, { freeze: 98, same: 5 });
    const after = runs({ freeze: 2, lazy: 40, same: 5 });
    expect(differences(before, after)).toEqual([
      { name: 'pack', before: { medianUs: 3200, runs: 2 }, after: null, differenceUs: null, interval: null },
      {
        ...{ name: 'freeze', before: { medianUs: 100, runs: 3 }, after: { medianUs: 2, runs: 1 } },
        differenceUs: -98,
        interval: null,
      },
      { name: 'lazy', before: null, after: { medianUs: 40, runs: 1 }, differenceUs: null, interval: null },
      { ...{ name: 'same', before: { medianUs: 5, runs: 3 }, after: { medianUs: 5, runs: 1 } }, differenceUs: 0, interval: null },
    ]);
  });

  test('from five runs a side on there is an interval, which says whether chance may have made it', () => {
    const of = (values: readonly number[]) => runs(...values.map((freeze) => ({ freeze })));
    const [faster] = differences(of([100, 101, 103, 99, 102]), of([80, 81, 79, 82, 80]));
    expect(faster?.interval?.low).toBeGreaterThanOrEqual(-24);
    expect(faster?.interval?.high).toBeLessThanOrEqual(-17);
    expect(faster && mayBeChance(faster)).toBe(false);
    const [noise] = differences(of([100, 101, 103, 99, 102]), of([98, 104, 100, 103, 101]));
    expect(noise && mayBeChance(noise)).toBe(true);
    expect(differences(of([1, 2, 3, 4]), of([1, 2, 3, 4, 5]))[0]?.interval).toBeNull();
  });
});

/** A noise of 15 % as downtimes have it, the same numbers in every test. */
function noisy(): () => number {
  let state = 7;
  const uniform = () => {
    state = (state * 48_271) % 2_147_483_647;
    return state / 2_147_483_647;
  };
  return () => Math.exp(0.15 * Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform()));
}

test('of 100 pairs of 5 runs, the interval holds the true difference in at least 92', () => {
  const noise = noisy();
  const five = (median: number) => Array.from({ length: 5 }, () => median * noise());
  const held = Array.from({ length: 100 }, () => medianDifference(five(100), five(130))).filter(
    ({ low, high }) => low <= 30 && high >= 30,
  );
  expect(held.length).toBeGreaterThanOrEqual(92);
});

test('the same numbers give the same interval, whatever their order of magnitude', () => {
  const values = [5, 7, 6, 9, 8];
  expect(medianInterval(values)).toEqual(medianInterval(values));
  const { median, low, high } = medianInterval(values);
  const scaled = medianInterval(values.map((value) => value * 1_000));
  expect(scaled).toEqual({ median: median * 1_000, low: low * 1_000, high: high * 1_000 });
});
