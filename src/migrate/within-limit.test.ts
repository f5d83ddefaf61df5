import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { TransshipError } from '../error.ts';
import type { Move, Step } from './step.ts';
import { doWithinLimit, saidAfterwards } from './within-limit.ts';

function moveFrozen(sinceMs: number | null, downtimeLimitMs?: number): Move {
  const found = { frozenAtMs: sinceMs === null ? null : performance.now() - sinceMs, thawedAtMs: null, givenUp: null };
  const options = downtimeLimitMs === undefined ? {} : { downtimeLimitMs };
  return { plan: { container: { name: 'web' }, options }, found } as unknown as Move;
}

const takes = (ms: number, ended: string[] = []): Step => ({
  name: 'copy-images',
  on: 'both',
  about: '',
  standsStill: true,
  do: async () => {
    await sleep(ms);
    ended.push('ended');
    return { bytes: 1 };
  },
});

test('a step that is quick enough gives what it gives', async () => {
  expect(await doWithinLimit(takes(1), moveFrozen(0, 5_000))).toEqual({ bytes: 1 });
});

test.each([
  ['no limit', moveFrozen(100)],
  ['nothing stands still yet', moveFrozen(null, 1)],
])('%s: it may take as long as it takes', async (_, move) => {
  expect(await doWithinLimit(takes(20), move)).toEqual({ bytes: 1 });
});

test('one that takes longer is given up at the limit, which counts from the freeze; its end can be waited for', async () => {
  const ended: string[] = [];
  const move = moveFrozen(1_000, 1_050);
  await expect(doWithinLimit(takes(300, ended), move)).rejects.toMatchObject({
    code: 'failed',
    message: expect.stringMatching(/^web stood still for 1\.\d\d s, and the limit is 1\.05 s$/),
  });
  expect(ended).toEqual([]);
  await move.found.givenUp;
  expect(ended).toEqual(['ended']);
});

test('one that comes after the limit is not begun', async () => {
  const ended: string[] = [];
  const move = moveFrozen(100, 50);
  await expect(doWithinLimit(takes(0, ended), move)).rejects.toThrow('the limit is 50.0 ms');
  await move.found.givenUp;
  expect(ended).toEqual([]);
});

test('afterwards it is said how long the freeze was until the source went on', async () => {
  const move = moveFrozen(100, 50);
  const error = await doWithinLimit(takes(0), move).catch((cause) => cause);
  move.found.thawedAtMs = (move.found.frozenAtMs ?? 0) + 432;
  expect(saidAfterwards(error, move).message).toBe('web stood still for 432 ms, and the limit is 50.0 ms');
  const other = new TransshipError('failed', 'another reason', '');
  expect(saidAfterwards(other, moveFrozen(100, 5_000))).toBe(other);
});
