import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { isAlive, type PlayedHost, playHost, writeProgram } from '../../../test/played-host.ts';
import type { Move } from '../step.ts';
import { endThere } from './warm-step.ts';

let host: PlayedHost;
let stage = '';

beforeEach(() => {
  host = playHost();
  stage = join(host.root, 'stage');
  mkdirSync(join(stage, 'decided')); // by our runtime, to restore
  writeFileSync(join(stage, 'go'), '');
  writeFileSync(join(stage, 'marks'), '1.0 runtime.criu\n');
});
afterEach(() => host.close());

/** @returns the warnings */
async function end(folder = stage): Promise<readonly string[]> {
  const destination = { name: 'b', shell: { run: host.run } };
  const found = { destinationId: host.id, direct: { folder, started: Promise.resolve(null) }, warnings: [] };
  await endThere({ destination, found, plan: { options: {} } } as unknown as Move);
  return found.warnings;
}

test('a restore that has begun is told to end, and ended', async () => {
  const pid = await host.startMember();
  expect(await end()).toEqual([]);
  expect(isAlive(pid)).toBe(false);
  expect(readFileSync(join(stage, 'go'), 'utf8')).toBe('abort\n');
  expect(existsSync(join(host.root, `docker/runtime-runc/moby/${host.id}`))).toBe(true);
});

test('one that never may begin is left to our runtime, which is told', async () => {
  const pid = await host.startMember();
  const undecided = join(host.root, 'other-stage');
  mkdirSync(undecided);
  expect(await end(undecided)).toEqual([]);
  expect(isAlive(pid)).toBe(true);
  expect(readFileSync(join(undecided, 'go'), 'utf8')).toBe('abort\n');
});

test('the folder is gone: what runs is ended, and that it may have run is told', async () => {
  const pid = await host.startMember();
  expect(await end(join(host.root, 'gone'))).toEqual([expect.stringContaining('it may have run on b')]);
  expect(isAlive(pid)).toBe(false);
});

test('an address that cannot be silenced: nothing is ended, as its connections would be closed', async () => {
  const pid = await host.startMember();
  writeFileSync(join(stage, 'moving'), '');
  writeProgram(join(stage, 'address'), 'echo "no nft" >&2; exit 1');
  await expect(end()).rejects.toThrow('b: the address that moves along: silence: no nft');
  expect(isAlive(pid)).toBe(true);
});

/** As receive starts it. @returns the shell's number, and that of its child */
async function startDaemon(of: string): Promise<readonly [number, number]> {
  writeFileSync(join(host.root, 'receive'), 'sleep 600 & echo $! >"$1/daemon"; echo begun; wait');
  const pid = await host.start('bash', [join(host.root, 'receive'), of]);
  writeFileSync(join(stage, 'lazy-pid'), `${pid}\n`);
  return [pid, Number(readFileSync(join(of, 'daemon'), 'utf8'))];
}

test('the page daemon is ended, which would wait for pages', async () => {
  const daemon = await startDaemon(stage);
  await end();
  await expect.poll(() => daemon.map(isAlive)).toEqual([false, false]);
});

test('the daemon has ended, and its number is that of another: that one is left alone', async () => {
  const other = join(host.root, 'other');
  mkdirSync(other);
  const stranger = await startDaemon(other);
  await end();
  expect(stranger.map(isAlive)).toEqual([true, true]);
  process.kill(stranger[1], 'SIGKILL');
});
