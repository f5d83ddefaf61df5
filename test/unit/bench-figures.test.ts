import { expect, test } from 'vitest';
import type { Answer } from '../../bench/downtime/load.ts';
import { goalTable } from '../../bench/downtime/report.ts';
import { tailOf } from '../../bench/downtime/tail.ts';
import { medianDifference, medianRatio, outliers } from '../../src/trace/median-interval.ts';

/** Answers from `from` to `to`, one each `everyMs`, each after `latencyMs`. */
function answers(from: number, to: number, everyMs: number, latencyMs: number): readonly Answer[] {
  return Array.from({ length: Math.floor((to - from) / everyMs) }, (_, index) => [from + index * everyMs, latencyMs]);
}

//   0 ── one a ms ──► 1000   1500 resumed   1500 ── one each 2 ms ──► 1900   whole   1900 ── one a ms ──► 2500
const moved: readonly Answer[] = [
  ...answers(0, 1_000, 1, 0.2),
  [1_501, 501], // has waited for the move, not for a page
  ...answers(1_502, 1_900, 2, 1.2),
  ...answers(1_900, 2_500, 1, 0.2),
];

test('the tail: throughput is back where 90 % of the former answers come, and late answers are summed until the last page', () => {
  const tail = tailOf(moved, { movedMs: 1_000, resumedMs: 1_500, wholeMs: 1_900 });
  expect(tail.recoveredMs).toBeGreaterThan(370);
  expect(tail.recoveredMs).toBeLessThanOrEqual(400);
  expect(tail.stalls).toBe(199);
  expect(tail.stallsMs).toBeCloseTo(199, 0);
});

test('throughput that never comes back is unknown, not 0', () => {
  const halved = [...answers(0, 1_000, 1, 0.2), ...answers(1_500, 2_500, 2, 0.2)];
  expect(tailOf(halved, { movedMs: 1_000, resumedMs: 1_500, wholeMs: 1_900 }).recoveredMs).toBeNull();
});

test('intervals hold what they are of, and a far value is told', () => {
  const [ours, anchor] = [
    [100, 102, 98, 101, 99],
    [200, 204, 196, 202, 198],
  ];
  const ratio = medianRatio(anchor, ours);
  expect(ratio.median).toBe(0.5);
  expect(ratio.low).toBeGreaterThan(0.47);
  expect(ratio.high).toBeLessThan(0.53);
  expect(medianDifference(ours, anchor).median).toBe(100);
  expect(outliers(ours)).toBe(0);
  expect(outliers([...ours, 150])).toBe(1);
});

test('a ratio is printed with its goal, and the milliseconds that it is made of', () => {
  const goals = [
    { what: 'one / other', oursMs: [30, 30], anchorMs: [600, 600], most: 1 / 20 },
    { what: 'other / one', oursMs: [33, 33], anchorMs: [20, 20], most: 1.6 },
  ];
  expect(goalTable(goals)).toBe(`| ratio | measured (95 %) | to reach |  | milliseconds (95 %) |
| --- | --- | --- | --- | --- |
| one / other | 1/20.0 (1/20.0-1/20.0) | ≤ 1/20 | reached | 30 (30-30) / 600 (600-600) |
| other / one | 1.65 (1.65-1.65) | ≤ 1.6 | missed | 33 (33-33) / 20 (20-20) |`);
});
