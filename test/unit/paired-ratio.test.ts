import { expect, test } from 'vitest';
import { pairedRatio } from '../../bench/paired-ratio.ts';

test('the ratio of pairs is that of each, where all have the same', () => {
  expect(pairedRatio([2, 3, 5, 7, 11, 13].map((first) => [first, first * 1.25] as const)).ratio).toBeCloseTo(1.25);
});

// 12 differences and their interval by hand: 78 averages, 13 of which lie outside on either side (n(n+1)/4 - 1.96 sqrt(n(n+1)(2n+1)/24) = 14.0)
test('the interval leaves out as many averages of two on either side as the signed ranks say', () => {
  const logs = [-3, -1, 0, 1, 2, 4, 5, 7, 8, 9, 12, 40];
  const walsh = logs.flatMap((one, at) => logs.slice(at).map((other) => (one + other) / 2)).sort((a, b) => a - b);
  const { ratio, low, high } = pairedRatio(logs.map((log) => [1, Math.exp(log / 100)] as const));
  expect(Math.log(low) * 100).toBeCloseTo(walsh[14] ?? Number.NaN);
  expect(Math.log(high) * 100).toBeCloseTo(walsh[walsh.length - 15] ?? Number.NaN);
  expect(Math.log(ratio) * 100).toBeLessThan(6);
});

test('which of a pair comes first turns it over', () => {
  const pairs = [3, 1, 4, 1, 5, 9, 2, 6].map((ms, at) => [100 + ms, 100 + at] as const);
  const there = pairedRatio(pairs);
  const back = pairedRatio(pairs.map(([first, second]) => [second, first] as const));
  expect(there.low).toBeCloseTo(1 / back.high);
  expect(there.high).toBeCloseTo(1 / back.low);
});
