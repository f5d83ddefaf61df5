import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { ContainerSubject } from './check.ts';
import { findFreezer, frozenFinding, runningCheck } from './running-check.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'transship-freezer-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** A host's /proc and cgroups, as far as they are read. */
function printedWith(files: Readonly<Record<string, string>>): string {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  const script = findFreezer({ id: 'abc', pid: 7 }, { proc: `${folder}/proc`, cgroups: `${folder}/cg`, run: `${folder}/run` });
  return execFileSync('sh', ['-c', script], { encoding: 'utf8' }).replaceAll(folder, '');
}

const known = { 'run/docker/runtime-runc/moby/abc/state.json': '{}' };

const v2 = (path: string) => ({ 'cg/cgroup.controllers': '', 'proc/7/cgroup': `0::${path}\n` });
const v1 = { 'proc/7/cgroup': '9:freezer:/docker/abc\n4:cpu,cpuacct:/docker/abc\n' };

test.each<[string, Readonly<Record<string, string>>, string]>([
  ['v2, running', { ...v2('/docker/abc'), 'cg/docker/abc/cgroup.freeze': '0\n' }, ''],
  ['v2, frozen', { ...v2('/docker/abc'), 'cg/docker/abc/cgroup.freeze': '1\n' }, 'frozen 0 /cg/docker/abc/cgroup.freeze'],
  [
    'v2, frozen where its first process has gone into a group below',
    {
      ...v2('/docker/abc/init.scope'),
      'cg/docker/abc/cgroup.freeze': '1\n',
      'cg/docker/abc/init.scope/cgroup.freeze': '0\n',
    },
    'frozen 0 /cg/docker/abc/cgroup.freeze',
  ],
  ['v2, in no group of its own', v2('/'), ''],
  ['v1, running', { ...v1, 'cg/freezer/docker/abc/freezer.self_freezing': '0\n' }, ''],
  [
    'v1, frozen',
    { ...v1, 'cg/freezer/docker/abc/freezer.self_freezing': '1\n' },
    'frozen THAWED /cg/freezer/docker/abc/freezer.state',
  ],
  [
    'by a move whose folder is there still',
    {
      ...v2('/docker/abc'),
      'cg/docker/abc/cgroup.freeze': '1\n',
      'run/transship/transship-1/settings': "id='def'\n",
      'run/transship/transship-2/settings': "id='abc'\n",
    },
    'frozen 0 /cg/docker/abc/cgroup.freeze\nstage /run/transship/transship-2',
  ],
  ['a process that is gone', { 'cg/cgroup.controllers': '' }, ''],
])('the freezer of a container, %s', (_, files, printed) => {
  expect(printedWith({ ...known, ...files }).trim()).toBe(printed);
});

test('one of which runc has no state where it is looked for is told apart', async () => {
  expect(printedWith(v2('/docker/abc')).trim()).toBe('unknown');
});

test('what is frozen behind Docker’s back is told with the way out, and what Docker calls paused as before', async () => {
  const subject = (state: object, stdout: string) =>
    ({
      inspect: {
        State: { Running: true, Paused: false, Restarting: false, Status: 'running', StartedAt: 'then', Pid: 7, ...state },
      },
      source: { host: { name: 'a', shell: { run: async () => ({ exitCode: 0, stdout, stderr: '' }) } } },
    }) as unknown as ContainerSubject;
  const frozen = 'frozen 0 /sys/fs/cgroup/docker/abc/cgroup.freeze\n';
  expect(await runningCheck.probe(subject({}, frozen))).toMatchObject({
    status: 'fail',
    found: expect.stringMatching(/^it stands frozen, though Docker calls it running/),
    hint: expect.stringMatching(
      /transship runs .*transship recover RUN.* on a: echo 0 >'?\/sys\/fs\/cgroup\/docker\/abc\/cgroup\.freeze/,
    ),
  });
  expect(await runningCheck.probe(subject({ Paused: true, Status: 'paused' }, frozen))).toEqual({
    status: 'fail',
    found: 'it is paused',
  });
  expect(await runningCheck.probe(subject({}, ''))).toEqual({ status: 'ok', found: 'running since then' });
  expect(await runningCheck.probe(subject({}, 'unknown\n'))).toMatchObject({
    status: 'fail',
    found: expect.stringContaining('/run/docker/runtime-*/moby'),
  });
  expect(frozenFinding('', 'a')).toBeNull();
  expect(frozenFinding(`${frozen}stage /run/transship/x`, 'a')?.hint).toMatch(
    /on a: bash \/run\/transship\/x\/give-up \/run\/transship\/x after-go$/,
  );
});
