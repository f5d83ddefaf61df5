import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { costsOf } from './costs.ts';
import { predict, predictAll } from './prediction.ts';

const bytes = fc.integer({ min: 0, max: 1e12 });
const speed = fc.integer({ min: 1e3, max: 1e10 });

const known = (dumpedBytes: number, linkBytesPerS: number | null, arePagesPlain = false) => ({
  memory: { dumpedBytes, residentBytes: dumpedBytes, growthBytesPerS: 0 },
  linkBytesPerS,
  arePagesPlain,
});

describe.each(['docker', 'cold', 'diskless', 'post-copy'] as const)('%s', (strategy) => {
  const ends = (dumped: number, link: number, plain = false) => {
    const { downtimeMs } = predict(strategy, known(dumped, link, plain));
    if (downtimeMs === null) throw new Error('nothing was missing');
    return [downtimeMs.low, downtimeMs.likely, downtimeMs.high] as const;
  };

  test('low ≤ likely ≤ high, and never less than nothing', () => {
    fc.assert(
      fc.property(bytes, speed, fc.boolean(), (dumped, link, plain) => {
        const [low, likely, high] = ends(dumped, link, plain);
        expect(low).toBeGreaterThan(0);
        expect(likely).toBeGreaterThanOrEqual(low);
        expect(high).toBeGreaterThanOrEqual(likely);
      }),
    );
  });

  test('more memory, or a slower link, never makes it shorter', () => {
    fc.assert(
      fc.property(bytes, bytes, speed, speed, (one, other, slow, fast) => {
        const less = ends(Math.min(one, other), Math.max(slow, fast));
        const more = ends(Math.max(one, other), Math.min(slow, fast));
        for (const [index, ms] of less.entries()) expect(more[index]).toBeGreaterThanOrEqual(ms);
      }),
    );
  });

  test('what is not known is named, and nothing is made of it', () => {
    expect(predict(strategy, { memory: null, linkBytesPerS: 1e8, arePagesPlain: false })).toMatchObject({
      downtimeMs: null,
      bytes: null,
      missing: ['memory'],
    });
    const unlinked = predict(strategy, known(1e8, null));
    expect(unlinked.missing).toEqual(strategy === 'post-copy' ? [] : ['link speed']); // its pages come when it runs again
    expect(unlinked.downtimeMs === null).toBe(strategy !== 'post-copy');
    expect(unlinked.bytes?.low).toBe(1e8);
  });

  test('every cost says where it was measured', () => {
    for (const { source } of costsOf(strategy, false) ?? []) expect(source).toMatch(/\d+.*ms|\d s/);
  });
});

test.each(['pre-copy', 'hybrid'] as const)('%s: as nobody knows what the container writes, nothing is predicted', (strategy) => {
  expect(predict(strategy, known(1e8, 1e8))).toEqual({ strategy, downtimeMs: null, bytes: null, missing: ['write rate'] });
});

/** Seen on the hosts that the table names: downtimes traced, in ms, of 42, 315 and 1,050 MB, with a link of 350 MB/s by ssh. */
test.each([
  ['docker', 42, 2556, 2672],
  ['docker', 315, 10178, 12078],
  ['docker', 1050, 44045, 47793],
  ['cold', 42, 441, 784],
  ['cold', 315, 1322, 2415],
  ['cold', 1050, 6560, 8596],
  ['diskless', 42, 565, 699],
  ['diskless', 315, 1357, 2066],
  ['diskless', 1050, 3463, 5142],
  ['post-copy', 42, 364, 488],
  ['post-copy', 315, 351, 568],
  ['post-copy', 1050, 315, 425],
] as const)('%s of %i MB: what was seen lies within what is predicted', (strategy, mb, shortest, longest) => {
  const { downtimeMs } = predictAll(known(mb * 1e6, 350e6)).find((one) => one.strategy === strategy) ?? {};
  expect(downtimeMs?.low).toBeLessThan(shortest);
  expect(downtimeMs?.high).toBeGreaterThan(longest);
});
