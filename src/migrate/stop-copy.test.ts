import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { isAlive, type PlayedHost, playHost, writeProgram } from '../../test/played-host.ts';
import { endAll } from './stop-copy.ts';

let host: PlayedHost;

beforeEach(() => {
  host = playHost();
});
afterEach(() => host.close());

async function end(folder: string | null = null): Promise<{ status: number; said: string }> {
  const { exitCode, stdout } = await host.run(endAll(host.id, folder));
  return { status: exitCode, said: stdout.trim() };
}

test('where nothing runs it is said, and the id is taken', async () => {
  expect(await end()).toEqual({ status: 0, said: 'none' });
  expect(['runc', 'transship'].map((name) => existsSync(join(host.root, `docker/runtime-${name}/moby/${host.id}`)))).toEqual([
    true,
    true,
  ]);
});

test('what is in the group is ended, and let go by the freezers of the groups above', async () => {
  writeFileSync(join(host.group, 'freezer.state'), 'FROZEN\n');
  writeFileSync(join(host.group, 'inner/freezer.state'), 'FREEZING\n');
  const pid = await host.startMember(join(host.group, 'inner'));
  expect(await end()).toEqual({ status: 0, said: 'maybe' });
  expect(isAlive(pid)).toBe(false);
  expect(['.', 'inner'].map((where) => readFileSync(join(host.group, where, 'freezer.state'), 'utf8'))).toEqual([
    'THAWED\n',
    'THAWED\n',
  ]);
});

test('a group that is told to freeze is told no more, as runc would not delete it', async () => {
  writeFileSync(join(host.group, 'cgroup.freeze'), '1\n');
  await host.startMember();
  expect(await end()).toEqual({ status: 0, said: 'maybe' });
  expect(readFileSync(join(host.group, 'cgroup.freeze'), 'utf8')).toBe('0\n');
});

/** Begun before the id was taken, it goes on for a while, and leaves a process in the container's group. */
const late =
  () => `until [ -e ${host.root}/docker/runtime-runc/moby/${host.id} ]; do sleep 0.01; done; sleep 0.5; ${host.member()}
  until [ -s ${host.root}/member ]; do sleep 0.01; done`;

describe('what is under way is waited for, and what it leaves is ended', () => {
  test.each<[string, string, () => readonly string[]]>([
    ['a runc whose shim is dead', 'runc', () => ['--root', '/x', 'restore', '--detach', host.id]],
    ['one that creates', 'runc', () => ['create', '--bundle', '/x', host.id]],
    ['an orphaned CRIU', 'criu', () => ['swrk', '3']],
    ['one that has its title', 'criu', () => ['restore --rpc -D /images']],
  ])('%s', async (_what, name, words) => {
    await host.startAs(name, words(), late());
    expect(await end()).toMatchObject({ status: 0 });
    expect(isAlive(host.memberPid())).toBe(false);
  });

  test('our runtime, whose shim is dead', async () => {
    writeProgram(join(host.root, 'restore'), `echo begun\n${late()}`);
    await host.start('bash', [join(host.root, 'restore'), `/run/transship/restore/${host.id}`, 'create', host.id]);
    expect(await end()).toMatchObject({ status: 0 });
    expect(isAlive(host.memberPid())).toBe(false);
  });

  test('a child of its shim, by whatever name', async () => {
    writeProgram(join(host.root, 'bin/other'), late());
    await host.startAs(
      'containerd-shim-runc-v2',
      ['-namespace', 'moby', '-id', host.id],
      `${host.root}/bin/other ${host.id}; sleep 600`,
    );
    expect(await end()).toMatchObject({ status: 0 });
    expect(isAlive(host.memberPid())).toBe(false);
  });
});

test('one that ends between the two looks has left a group that the first could not see', async () => {
  const group = join(host.root, `cgroup/system.slice/docker-${host.id}.scope`);
  const runc = await host.startAs('runc', ['restore', host.id], 'sleep 600');
  writeProgram(join(host.root, 'late'), `${host.member(group)}\nwait`);
  const find = process.env.PATH?.split(':')
    .map((at) => join(at, 'find'))
    .find((at) => existsSync(at));
  writeProgram(
    join(host.root, 'bin/find'),
    `${find} "$@"
    [ ! -e ${host.root}/member ] || exit 0
    mkdir -p ${group}
    ${host.root}/late >/dev/null 2>&1 &
    until [ -s ${host.root}/member ]; do sleep 0.01; done
    kill -KILL ${runc}; while grep -qs '^State:.[^Z]' /proc/${runc}/status; do sleep 0.01; done`,
  );
  expect(await end()).toEqual({ status: 0, said: 'maybe' });
  expect(isAlive(host.memberPid())).toBe(false);
});

describe('who is none of it is neither waited for nor ended', () => {
  test.each<[string, string, () => readonly string[], () => string]>([
    [
      'sudo tail of its log',
      'sudo',
      () => ['tail', `${host.id}-json.log`],
      () => `${host.root}/bin/tail -f /x/${host.id}-json.log`,
    ],
    ['a service that reads its log', 'tail', () => ['-f', `/x/${host.id}-json.log`], () => 'sleep 600'],
    ['runc events', 'runc', () => ['events', host.id], () => 'sleep 600'],
    ['the shim itself', 'containerd-shim-runc-v2', () => ['-id', host.id], () => 'sleep 600'],
    [
      'the shim of another',
      'containerd-shim-runc-v2',
      () => ['-id', 'f'.repeat(64)],
      () => `${host.root}/bin/tail ${'f'.repeat(64)}`,
    ],
    ['runc on another', 'runc', () => ['restore', 'f'.repeat(64)], () => 'sleep 600'],
    ["another's page daemon", 'criu', () => ['lazy-pages', '--images-dir', 'images'], () => 'sleep 600'],
    ['a page server', 'criu', () => ['page-server'], () => 'sleep 600'],
    ['a CRIU that serves', 'criu', () => ['service'], () => 'sleep 600'],
    ['a CRIU that dumps', 'criu', () => ['dump', '-t', '5'], () => 'sleep 600'],
  ])('%s', async (_what, name, words, text) => {
    writeProgram(join(host.root, 'bin/tail'), 'sleep 600');
    const pid = await host.startAs(name, words(), text());
    expect(await end()).toEqual({ status: 0, said: 'none' });
    expect(isAlive(pid)).toBe(true);
  });
});

describe('whether it ran, where the move has a folder', () => {
  const state = () => join(host.root, `docker/runtime-transship/moby/${host.id}`);
  test.each<[string, string, () => void]>([
    ['a restore that has not ended', 'ended', () => writeFileSync(join(host.root, 'stage/marks'), '1.0 runtime.criu\n')],
    ['one that failed', 'ended', () => writeFileSync(join(host.root, 'stage/marks'), '1.0 runtime.restored 1\n')],
    ['one that is through', 'ran', () => writeFileSync(join(host.root, 'stage/marks'), '1.0 runtime.restored 0\n')],
    ['the marks are gone', 'maybe', () => {}],
    [
      'CRIU is through, and runc is not',
      'maybe',
      () => {
        writeFileSync(join(host.root, 'stage/marks'), '1.0 runtime.criu\n');
        mkdirSync(state(), { recursive: true });
        writeFileSync(join(state(), 'state.json'), '{}');
      },
    ],
  ])('%s: %s', async (_what, said, make) => {
    make();
    await host.startMember();
    expect(await end(join(host.root, 'stage'))).toEqual({ status: 0, said });
  });

  test.each([
    ['none', '1.0 runtime.restored 1'],
    ['ran', '1.0 runtime.restored 0'],
  ])('%s, where nothing is left of it, as a controller had ended it that was killed before it could tell', async (said, mark) => {
    writeFileSync(join(host.root, 'stage/marks'), `${mark}\n`);
    expect(await end(join(host.root, 'stage'))).toEqual({ status: 0, said });
  });
});
