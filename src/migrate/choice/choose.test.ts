import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { TransshipError } from '../../error.ts';
import { type StrategyName, strategyNames } from '../strategies/names.ts';
import { type Candidate, choose } from './choose.ts';
import { parseDowntimeLimit, refuseOverLimit } from './downtime-limit.ts';
import { bestOf } from './link-speed.ts';
import { parseRollup } from './memory.ts';
import { predictAll } from './prediction.ts';

/** Candidates for so many megabytes; what stands in the way by strategy. */
function candidates(mb: number | null, obstacles: Partial<Record<StrategyName, string>> = {}): readonly Candidate[] {
  const memory = mb === null ? null : { dumpedBytes: mb * 1e6, residentBytes: mb * 1e6, growthBytesPerS: 0 };
  return predictAll({ memory, linkBytesPerS: 350e6, arePagesPlain: false, writes: null }).map((prediction) => ({
    strategy: prediction.strategy,
    prediction,
    obstacles: obstacles[prediction.strategy] === undefined ? [] : [obstacles[prediction.strategy] ?? ''],
  }));
}

const noRuntime = 'b: it has no runtime of ours';
const why = (choice: ReturnType<typeof choose>, strategy: StrategyName) =>
  choice.others.find((one) => one.strategy === strategy)?.why;

describe('auto', () => {
  test.each([40, 300, 4000])('%i MB: diskless, and post-copy is named with what would allow it', (mb) => {
    const choice = choose(candidates(mb), { postCopy: false });
    expect(choice.strategy).toBe('diskless');
    expect(choice.why).toMatch(/^the memory goes straight/);
    expect(why(choice, 'docker')).toMatch(/^longer than diskless by about .*: Docker's content store/);
    expect(why(choice, 'post-copy')).toMatch(/^only with --allow-post-copy: pages come as they are touched/);
  });

  test('post-copy where that is allowed', () => {
    const choice = choose(candidates(300), { postCopy: true });
    expect(choice.strategy).toBe('post-copy');
    expect(why(choice, 'diskless')).toMatch(/^longer than post-copy by about/);
  });

  test('what cannot be had is not taken, and its obstacle is the reason', () => {
    const lacking = { cold: noRuntime, diskless: noRuntime, 'post-copy': noRuntime };
    const choice = choose(candidates(300, lacking), { postCopy: true });
    expect(choice.strategy).toBe('docker');
    for (const strategy of ['cold', 'diskless', 'post-copy'] as const) expect(why(choice, strategy)).toBe(noRuntime);
  });

  test('without a prediction, the fewest copies of the memory; never pages on demand', () => {
    expect(choose(candidates(null), { postCopy: true }).strategy).toBe('diskless');
  });

  test('nothing can be had: the one that lacks least, with its reason', () => {
    const choice = choose(candidates(40, Object.fromEntries(strategyNames.map((name) => [name, `b: no ${name}`]))), {
      postCopy: false,
    });
    expect(choice.why).toBe('no strategy can be taken; this one lacks least: b: no diskless');
  });

  test('it takes one that is possible whenever there is one, post-copy only when allowed, and says something of every other', () => {
    const lacking = fc.subarray([...strategyNames]);
    fc.assert(
      fc.property(fc.option(fc.integer({ min: 0, max: 1e5 })), lacking, fc.boolean(), (mb, names, postCopy) => {
        const all = candidates(mb, Object.fromEntries(names.map((name) => [name, 'no'])));
        const choice = choose(all, { postCopy });
        const wanted: readonly StrategyName[] = [
          'docker',
          'cold',
          'diskless',
          ...(postCopy && mb !== null ? ['post-copy' as const] : []),
        ];
        const possible = wanted.filter((name) => !names.includes(name));
        if (!wanted.includes('post-copy')) expect(choice.strategy).not.toBe('post-copy');
        expect(choice.strategy).not.toBe('hybrid');
        if (possible.length > 0) expect(possible).toContain(choice.strategy);
        expect([choice.strategy, ...choice.others.map(({ strategy }) => strategy)].sort()).toEqual([...strategyNames].sort());
        for (const words of [choice.why, ...choice.others.map((one) => one.why)]) expect(words).not.toBe('');
      }),
    );
  });
});

describe('--downtime-limit', () => {
  test.each([
    ['300ms', 300],
    ['1.5s', 1500],
    ['2min', 120_000],
    ['0.4 s', 400],
  ])('%s', (text, ms) => {
    expect(parseDowntimeLimit(text)).toBe(ms);
  });

  test.each(['', '300', '-1s', '0ms', '1h', '1,5s', 's', '1e3ms', '300ms '])('%j is refused, with what would do', (text) => {
    expect(() => parseDowntimeLimit(text)).toThrow(
      expect.objectContaining({ code: 'usage', hint: 'a number and a unit: 300ms, 1.5s, 2min' }),
    );
  });

  const refusal = (strategy: StrategyName, limitMs: number | null) => {
    const predictions = candidates(300).map(({ prediction }) => prediction);
    try {
      refuseOverLimit({ container: 'web', strategy, limitMs, predictions });
      return null;
    } catch (error) {
      return error as TransshipError;
    }
  };

  test('refused only when even the shortest that is expected is over it; the hint names what is quick enough', () => {
    expect(refusal('docker', null)).toBeNull();
    expect(refusal('docker', 8_000)).toBeNull();
    expect(refusal('docker', 800)).toBeInstanceOf(TransshipError);
    expect(refusal('docker', 800)?.message).toMatch(/^web would stand still for .* by docker, and the limit is 800 ms$/);
    expect(refusal('docker', 800)?.hint).toMatch(/^--strategy post-copy \(.*\); or raise --downtime-limit$/);
    expect(refusal('post-copy', 1)?.hint).toMatch(/^no strategy is expected to be as quick/);
  });
});

test('memory that a dump holds: anonymous pages of every process, shared memory once, what is swapped out', () => {
  const one = 'Rss:   3000 kB\nPss:  100 kB\nPss_Shmem:  50 kB\nAnonymous:   2000 kB\nSwapPss:   7 kB\n';
  expect(parseRollup(`0-1 ---p 0 00:00 0  [rollup]\n${one}${one}`)).toEqual({
    dumpedBytes: 2 * 2057 * 1024,
    residentBytes: 2 * 3000 * 1024,
  });
  expect(parseRollup('')).toBeNull();
});

test('the speed of the link: the best of some looks; none is no speed', () => {
  expect(bestOf('1000000 100000\n30000000 100000\n0 2000\n')).toBe(300e6);
  for (const nothing of ['', '0 100000\n', 'timeout: not found\n', '5 0\n']) expect(bestOf(nothing)).toBeNull();
});
