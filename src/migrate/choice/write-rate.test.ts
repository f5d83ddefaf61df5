import fc from 'fast-check';
import { expect, test } from 'vitest';
import { whyNoRounds } from './write-rate.ts';

const writes = (pages: number, changedOnce: number, changedTwice: number) => ({
  pages,
  changedOnce,
  changedTwice,
  windowMs: 500,
});

test('a hot set pays, however slow the link: what changed in the first window changes again in the second', () => {
  expect(whyNoRounds(writes(8000, 200, 200), 1e6)).toBeNull();
  expect(whyNoRounds(writes(8000, 1500, 1510), 100e6)).toBeNull();
});

test('pages at random: what is new in every window goes on to be, while the first round goes over', () => {
  expect(whyNoRounds(writes(8000, 1000, 1950), 100e6)).toBeNull(); // 33 MB in a second: a quarter of it
  expect(whyNoRounds(writes(8000, 1000, 1950), 5e6)).toBe(
    'rounds would not pay: 1950 of 8000 pages changed in 1 s, and some 8000 would while a first round goes over',
  );
  expect(whyNoRounds(writes(8000, 7000, 7900), null)).toMatch(/^rounds would not pay: 7900 of 8000 pages changed in 1 s/);
});

test('a slower link, or more that changed, never makes rounds pay that did not', () => {
  const pages = fc.integer({ min: 1, max: 1e6 });
  const share = fc.double({ min: 0, max: 1, noNaN: true });
  const speed = fc.double({ min: 1e5, max: 1e10, noNaN: true });
  fc.assert(
    fc.property(pages, share, share, speed, speed, (all, one, other, slow, fast) => {
      const twice = Math.floor(all * Math.max(one, other));
      const seen = writes(all, Math.floor(all * Math.min(one, other)), twice);
      if (whyNoRounds(seen, Math.max(slow, fast)) !== null) expect(whyNoRounds(seen, Math.min(slow, fast))).not.toBeNull();
    }),
  );
});

test('nothing in memory: nothing to say', () => {
  expect(whyNoRounds(writes(0, 0, 0), null)).toBeNull();
});
