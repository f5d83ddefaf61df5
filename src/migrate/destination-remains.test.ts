import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { TransshipError } from '../error.ts';
import { remainsOf } from './remains.ts';
import type { Move } from './step.ts';
import { takeId } from './stop-copy.ts';
import { commonPreparation } from './strategies/common.ts';

const id = 'f'.repeat(64);
let root = '';
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'transship-remains-'));
});
afterEach(() => rmSync(root, { recursive: true }));

/** A destination whose commands are played here, with /run below a folder of the test's. */
function moveWhose(remove: () => Promise<void>): Move {
  const run = async (script: string) => {
    const { stdout, stderr, status } = spawnSync('sh', ['-c', script.replaceAll('/run/', `${root}/`)], { encoding: 'utf8' });
    return { exitCode: status ?? 1, stdout, stderr };
  };
  const destination = { name: 'b', shell: { run }, docker: { getContainer: () => ({ remove }) } };
  const plan = { volumes: [], networks: { create: [] }, checkpoint: 'transship-1', steps: commonPreparation };
  return { source: { name: 'a' }, destination, plan, found: { destinationId: id, askedSince: null } } as unknown as Move;
}

const createDestination = commonPreparation.find(({ name }) => name === 'create-destination');
const isTaken = () => existsSync(join(root, `docker/runtime-transship/moby/${id}`));

test('Docker does not get to remove the container, as its containerd stands still: that is told, and nothing can begin it when that wakes', async () => {
  const silence = new TransshipError('failed', 'b: Docker does not answer', 'is dockerd running on b?');
  const move = moveWhose(() => Promise.reject(silence));
  await move.destination.shell.run(takeId(id));
  await expect(createDestination?.tidy?.(move)).rejects.toBe(silence);
  expect(isTaken()).toBe(true);
  const result = {
    outcome: 'rolled-back',
    failedStep: 'restore',
    error: silence,
    warnings: [],
    untidy: ['create-destination'],
  } as const;
  expect(remainsOf(move, result)).toEqual([{ host: 'b', what: 'what create-destination made (its undoing failed)' }]);
});

test('once it is removed, its id is given back', async () => {
  const move = moveWhose(async () => undefined);
  await move.destination.shell.run(takeId(id));
  expect(isTaken()).toBe(true);
  await createDestination?.tidy?.(move);
  expect(isTaken()).toBe(false);
});
