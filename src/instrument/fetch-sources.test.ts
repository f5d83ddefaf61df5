import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { goTree, littleRunc } from '../../test/go-tree.ts';
import { fetchSources } from './fetch-sources.ts';

let checkout = '';
let place = '';
beforeEach(() => {
  checkout = goTree(littleRunc);
  place = goTree({ file: '' });
});
afterEach(() => {
  for (const folder of [checkout, place]) rmSync(folder, { recursive: true });
});

const fetchTo = (to: string | null) => fetchSources({ set: null, checkouts: [checkout], to, say: () => {} });

test('a checkout stands at its import path in the new folder, which says what it is', async () => {
  const to = join(place, 'fetched');
  const { folder, trees, lacking } = await fetchTo(to);
  expect([folder, lacking]).toEqual([to, []]);
  expect(trees).toMatchObject([{ place: 'github.com/opencontainers/runc', package: null, version: null }]);
  expect(existsSync(join(to, 'src/github.com/opencontainers/runc/checkpoint.go'))).toBe(true);
  await expect(fetchTo(to)).rejects.toMatchObject({ code: 'usage', message: `${to}: is there already` });
});

test('a place where nothing can be made is an error with that place', async () => {
  await expect(fetchTo(join(place, 'file/x'))).rejects.toMatchObject({
    code: 'failed',
    message: expect.stringMatching(/file\/x: E(?:NOTDIR|EXIST): .*: nothing of it is left$/),
  });
});

test('a checkout is not put into the cache', async () => {
  await expect(fetchTo(null)).rejects.toMatchObject({ code: 'usage' });
});
