import { expect, test } from 'vitest';
import { fuzz, fuzzTargets } from '../fuzz/targets.ts';

const runs = 2000;

test('the shares make a whole', () => {
  expect(fuzzTargets.reduce((sum, { share }) => sum + share, 0)).toBeCloseTo(1);
});

/** `npm run bench:fuzz` runs 100,000. A seed is in the message of a failure. */
test.each(fuzzTargets)(
  '$name: damaged in any way, they are refused in words of ours, or read in part',
  async (target) => {
    await fuzz(target, Math.ceil(runs * target.share), Date.now() % 2 ** 31);
  },
  120_000,
);
