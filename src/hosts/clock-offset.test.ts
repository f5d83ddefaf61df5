import { expect, test } from 'vitest';
import { isTooFew, isWorthMore } from './clock-offset.ts';

/** Trips one after another, of these lengths in microseconds. */
function trips(lengthsUs: readonly number[]) {
  let nowNs = 0n;
  return lengthsUs.map((us) => {
    const sentNs = nowNs;
    nowNs += BigInt(us) * 1_000n;
    return { sentNs, remoteNs: sentNs, gotNs: nowNs };
  });
}
const same = (count: number, us: number) => Array.from({ length: count }, () => us);

test('more round trips while the latest brought the shortest; not when they are slow, and not for ever', () => {
  expect(isWorthMore(trips(same(40, 700)))).toBe(false);
  expect(isWorthMore(trips([...same(39, 700), 500]))).toBe(true);
  expect(isWorthMore(trips([500, ...same(39, 700)]))).toBe(false);
  expect(isWorthMore(trips([...same(39, 40_000), 30_000]))).toBe(false); // 1.6 s are over
  expect(isWorthMore(trips([...same(199, 700), 500]))).toBe(false);
  expect(isWorthMore([])).toBe(false);
});

test('forty round trips, but over a slow line no more than it takes to know that it is slow', () => {
  expect(isTooFew(trips(same(39, 700)))).toBe(true);
  expect(isTooFew(trips(same(40, 700)))).toBe(false);
  expect(isTooFew(trips(same(5, 500_000)))).toBe(true);
  expect(isTooFew(trips(same(6, 500_000)))).toBe(false);
  expect(isTooFew([])).toBe(true);
});
