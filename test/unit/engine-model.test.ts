import fc from 'fast-check';
import { expect, test } from 'vitest';
import { strategyNames } from '../../src/migrate/strategies/names.ts';
import { anyLife } from '../model/any-life.ts';
import { keptLives } from '../model/kept-lives.ts';
import { type Life, live } from '../model/lives.ts';

/** CONTRIBUTING.md, "What is promised of a move": one live copy, or a stated none, in every order of failures. */
async function expectPromiseKept(life: Life): Promise<void> {
  const { violations, journal } = await live(life);
  expect(violations, journal.join('\n')).toEqual([]);
}

test('2,000 lives of controllers, with crashes, lost answers and recoveries; npm run bench:model plays 100,000', async () => {
  await fc.assert(fc.asyncProperty(anyLife, expectPromiseKept), { numRuns: 2_000 });
});

test.each(keptLives.map(({ what, life }) => [what, life] as const))('%s', async (_what, life) => {
  await expectPromiseKept(life);
});

test('a quiet life ends with the container moved', async () => {
  for (const strategy of strategyNames)
    expect(await live({ strategy, faults: [], recoveries: 0 })).toMatchObject({ outcome: 'migrated', violations: [] });
});
