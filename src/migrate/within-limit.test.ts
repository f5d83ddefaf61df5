import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { TransshipError } from '../error.ts';
import type { Move, Step } from './step.ts';
import { doWithinLimit, saidAfterwards } from './within-limit.ts';

function moveFrozen(sinceMs: number | null, downtimeLimitMs?: number): Move {
  const found = { frozenAtMs: sinceMs === null ? null : performance.now() - sinceMs, thawedAtMs: null, givenUp: null };
  const options = downtimeLimitMs === undefined ? {} : { downtimeLimitMs };
  const destination = { name: 'b' };
  return { plan: { container: { name: 'web' }, options }, destination, found: { ...found, warnings: [] } } as unknown as Move;
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

describe('one past the limit whose container goes on on the destination by then', () => {
  const resumed = (stoodMs: number | null): Step => ({ ...takes(60), stoodStillMs: async () => stoodMs });

  test.each([
    ['in mid-step', 0],
    ['before the step began', 100],
  ])('%s: it comes to its end, and a freeze within the limit is not spoken of', async (_when, sinceMs) => {
    const move = moveFrozen(sinceMs, 30);
    expect(await doWithinLimit(resumed(29), move)).toEqual({ bytes: 1 });
    expect(move.found).toMatchObject({ givenUp: null, warnings: [] });
  });

  test('a freeze that was longer is a warning', async () => {
    const move = moveFrozen(0, 30);
    expect(await doWithinLimit(resumed(41), move)).toEqual({ bytes: 1 });
    const words = 'web stood still for 41.0 ms, and the limit is 30.0 ms: it went on on b by then, so it stays there';
    expect(move.found.warnings).toEqual([words]);
  });

  test.each([
    ['nobody says so', resumed(null)],
    ['nobody can be asked', { ...takes(60), stoodStillMs: () => Promise.reject(new Error('no answer')) }],
  ])('%s: it is given up', async (_why, step) => {
    const move = moveFrozen(0, 30);
    await expect(doWithinLimit(step, move)).rejects.toThrow('the limit is 30.0 ms');
    await move.found.givenUp;
  });
});

test('afterwards it is said how long the freeze was until the source went on', async () => {
  const move = moveFrozen(100, 50);
  const error = await doWithinLimit(takes(0), move).catch((cause) => cause);
  move.found.thawedAtMs = (move.found.frozenAtMs ?? 0) + 432;
  expect(saidAfterwards(error, move).message).toBe('web stood still for 432 ms, and the limit is 50.0 ms');
  const other = new TransshipError('failed', 'another reason', '');
  expect(saidAfterwards(other, moveFrozen(100, 5_000))).toBe(other);
});
