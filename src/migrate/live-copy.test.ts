import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type PlayedHost, playHost, writeProgram } from '../../test/played-host.ts';
import type { Host } from '../hosts/host.ts';
import { runcStatus } from './live-copy.ts';

let host: PlayedHost;

/** Says `running` of a container whose state lies in the root that it is asked for. */
beforeEach(() => {
  host = playHost();
  writeProgram(join(host.root, 'bin/runc'), `[ -e "$2/$4/state.json" ] && echo '{"status":"running"}'`);
});
afterEach(() => host.close());

const status = () => runcStatus({ shell: { run: host.run } } as unknown as Host, host.id);

function haveState(runtime: string, files: readonly string[]): void {
  const state = join(host.root, `docker/runtime-${runtime}/moby/${host.id}`);
  mkdirSync(state, { recursive: true });
  for (const file of files) writeFileSync(join(state, file), '');
}

describe('which runtime knows the container', () => {
  test('none', async () => {
    expect(await status()).toBeNull();
  });

  test('not the one where its id was taken by a roll-back that came to no end', async () => {
    haveState('runc', []);
    haveState('transship', ['state.json']);
    expect(await status()).toBe('running');
  });

  test('the id alone is taken', async () => {
    haveState('runc', []);
    expect(await status()).toBeNull();
  });
});

describe('whether it is paused: its group is told to freeze', () => {
  function haveGroup(at: string, freeze: string, populated: string): void {
    mkdirSync(join(host.root, 'cgroup', at), { recursive: true });
    writeFileSync(join(host.root, 'cgroup', at, 'cgroup.freeze'), `${freeze}\n`);
    writeFileSync(join(host.root, 'cgroup', at, 'cgroup.events'), `populated ${populated}\nfrozen 0\n`);
  }
  test.each<[string, string, string, string, string]>([
    ['as cgroupfs names it', 'docker/ID', '1', '1', 'paused'],
    ['as systemd does', 'system.slice/docker-ID.scope', '1', '1', 'paused'],
    ['it is not told', 'docker/ID', '0', '1', 'running'],
    ['nobody is left in it', 'docker/ID', '1', '0', 'running'],
    ['a group of its own is', 'docker/ID/inner', '1', '1', 'running'],
  ])('%s', async (_what, at, freeze, populated, said) => {
    haveState('runc', ['state.json']);
    haveGroup(at.replace('ID', host.id), freeze, populated);
    expect(await status()).toBe(said);
  });
});
