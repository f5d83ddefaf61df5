import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Move } from '../step.ts';
import { stopDestination } from './warm-step.ts';

const id = 'f'.repeat(64);
let root = '';

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'transship-stop-'));
  mkdirSync(join(root, 'stage'));
  writeFileSync(join(root, 'stage/go'), '');
});
afterEach(() => rmSync(root, { recursive: true }));

/** A destination whose commands are played here, with runc's state below a folder of the test's. */
function moveAt(started: Promise<Error | null> | null): Move {
  const run = async (script: string) => {
    const stdout = execFileSync('sh', ['-c', script.replaceAll('/run/docker', join(root, 'docker'))], { encoding: 'utf8' });
    return { exitCode: 0, stdout, stderr: '' };
  };
  const destination = { name: 'b', shell: { run }, docker: { ping: async () => 'OK' } };
  const found = { destinationId: id, direct: { folder: join(root, 'stage'), started }, warnings: [] };
  return { destination, found } as unknown as Move;
}

const taken = (runtime: string) => existsSync(join(root, `docker/runtime-${runtime}/moby/${id}`));

test('a restore that never may begin: it is told, and whoever comes late finds that the id is taken', async () => {
  mkdirSync(join(root, 'docker/runtime-other/moby'), { recursive: true });
  await stopDestination(moveAt(Promise.resolve(null)));
  expect(existsSync(join(root, 'stage/decided'))).toBe(true);
  expect(readFileSync(join(root, 'stage/go'), 'utf8')).toBe('abort\n');
  expect(['runc', 'transship', 'other'].map(taken)).toEqual([true, true, true]);
});

test('where Docker was asked for nothing, nothing is taken', async () => {
  await stopDestination(moveAt(null));
  expect(existsSync(join(root, 'docker'))).toBe(false);
});
