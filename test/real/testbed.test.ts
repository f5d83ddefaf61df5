import { spawn } from 'node:child_process';
import { copyFileSync, existsSync, mkdtempSync, readFileSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { execa, type Options } from 'execa';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { packageRoot } from '../../src/evidence/run-folder.ts';
import { missingForTestbed } from '../../vm/prerequisites.ts';
import { takeDown } from '../../vm/testbed-down.ts';
import { readTestbed, type TestbedState, testbedFolder } from '../../vm/testbed-state.ts';
import { bringUp } from '../../vm/testbed-up.ts';
import { workloadImage } from '../../vm/workload-image.ts';
import { testSet } from '../test-set.ts';
import { type MachineTraces, machineTraces, newTraces } from './machine-traces.ts';

const program = join(packageRoot(), 'dist/src/cli/main.js');
const missing = missingForTestbed();
const set = testSet('self-test');
const say = (): void => {};

interface Answer {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

async function transship(words: readonly string[], options: Options = {}): Promise<Answer> {
  const env = { TRANSSHIP_TESTBED: set };
  const result = await execa('node', [program, 'testbed', ...words], { env, reject: false, timeout: 120_000, ...options });
  return { exitCode: result.exitCode ?? -1, stdout: String(result.stdout), stderr: String(result.stderr) };
}

/** Nothing is there that was not before. Namespaces and mounts of killed processes are freed by the kernel a moment later. */
async function expectNothingNew(before: MachineTraces): Promise<void> {
  await expect.poll(() => newTraces(before, machineTraces(set)), { timeout: 10_000, interval: 200 }).toEqual([]);
}

describe.skipIf(missing.length > 0)(`test hosts ${missing.join('; ')}`, () => {
  let before: MachineTraces;
  beforeAll(async () => {
    await takeDown(set);
    before = machineTraces(set);
  });
  afterAll(() => takeDown(set));

  describe('a set that is up', () => {
    let state: TestbedState;
    beforeAll(async () => {
      state = await bringUp({ set, cgroup: 'v2', say });
    });

    test('its traces on the machine are seen: the comparison below can fail', () => {
      const now = machineTraces(set);
      const seen = newTraces(before, now).map((line) => line.split(':')[0]);
      const count = (kind: string): number => seen.filter((word) => word === kind).length;
      expect(count('mounts')).toBe(1); // the wire's pin; all others are in the hosts' own namespaces
      expect(count('namespaces')).toBeGreaterThanOrEqual(12);
      expect(count('cgroups')).toBeGreaterThanOrEqual(1);
      expect(count('processes')).toBeGreaterThanOrEqual(8);
      expect(count('folders')).toBe(2);
      expect(count('links') + count('rules')).toBe(0);
    });

    test('up again says so and touches nothing', async () => {
      const answer = await transship(['up']);
      expect(answer).toMatchObject({ exitCode: 0, stderr: 'test:a (10.77.0.2) and test:b (10.77.0.3) already up' });
      expect(readTestbed(set)).toEqual(state);
    });

    test('status names both hosts', async () => {
      const answer = JSON.parse((await transship(['status', '--format', 'json'])).stdout);
      expect(answer).toMatchObject({
        schema: 'transship.testbed/1',
        set,
        hosts: [
          { name: 'a', isUp: true },
          { name: 'b', isUp: true },
        ],
      });
    });

    test('exec passes words, standard input and exit status', async () => {
      const script = 'cat; printf " %s|" "$@"; hostname >&2; exit 7';
      const answer = await transship(['exec', 'b', '--', 'sh', '-c', script, 'sh', 'two words', '--help'], { input: 'in:' });
      expect(answer).toEqual({ exitCode: 7, stdout: 'in: two words| --help|', stderr: 'b' });
      expect(await transship(['exec', 'c', '--', 'true'])).toMatchObject({
        exitCode: 2,
        stderr: expect.stringContaining("no test host 'c'"),
      });
    });

    test('ssh knows the hosts by their keys, from here and from one to the other', async () => {
      const { stdout } = await execa('ssh', ['-F', state.sshConfig, 'a', 'hostname; ssh root@10.77.0.3 hostname']);
      expect(stdout).toBe('a\nb');
      const wrong = ['-F', state.sshConfig, '-o', 'ControlPath=none', '-o', 'UserKnownHostsFile=/dev/null', 'a', 'true'];
      expect((await execa('ssh', wrong, { reject: false })).stderr).toContain('Host key verification failed');
    });

    test('each host has its own namespaces and /dev/shm', async () => {
      for (const kind of ['mnt', 'pid', 'uts', 'ipc', 'net', 'cgroup']) {
        const inodes = ['self', ...state.hosts.map((host) => host.initPid)].map((pid) => readlinkSync(`/proc/${pid}/ns/${kind}`));
        expect(new Set(inodes).size, kind).toBe(3);
      }
      await transship(['exec', 'a', '--', 'touch', '/dev/shm/mark']);
      expect((await transship(['exec', 'b', '--', 'ls', '/dev/shm'])).stdout).toBe('');
    });

    test("a checkpoint and its restore on the other host leave CRIU's logs and statistics, and the port answers on the wire", async () => {
      const { file, reference } = await workloadImage();
      for (const host of ['a', 'b']) await transship(['exec', host, '--', 'docker', 'load'], { inputFile: file });
      const inFolder = '/var/lib/docker/containers/$(docker inspect -f {{.Id}} web)/checkpoints';
      const run = `docker run -d --name web -e TICKER=1 -p 7000:6379 ${reference} && sleep 1 && docker exec web redis-cli set k moved`;
      const dump = await transship(['exec', 'a', '--', 'sh', '-c', `${run} && docker checkpoint create web c1`]);
      expect(dump).toMatchObject({ exitCode: 0, stderr: '' });
      expect((await transship(['exec', 'a', '--', 'ls', '/var/lib/transship/criu'])).stdout).toBe('dump.log\nstats-dump');
      const copy = `docker create --name web -e TICKER=1 -p 7000:6379 ${reference} && ssh root@10.77.0.2 'tar -C ${inFolder} -c c1' | tar -x -C ${inFolder}`;
      const start = await transship([
        'exec',
        'b',
        '--',
        'sh',
        '-c',
        `${copy.replace('&& ssh', `&& mkdir -p ${inFolder} && ssh`)} && docker start --checkpoint c1 web`,
      ]);
      expect(start).toMatchObject({ exitCode: 0, stderr: '' });
      expect((await transship(['exec', 'b', '--', 'ls', '/var/lib/transship/criu'])).stdout).toBe('restore.log\nstats-restore');
      const ask = ['socat', '-t2', '-', 'TCP:10.77.0.3:7000'];
      const { stdout } = await execa('nsenter', [`--net=${state.wireNamespace}`, ...ask], {
        input: 'GET k\r\n',
        timeout: 10_000,
      });
      expect(stdout).toContain('moved');
      await expect
        .poll(async () => (await transship(['exec', 'b', '--', 'docker', 'exec', 'web', 'cat', '/run/ticker/gaps'])).stdout)
        .toMatch(/^\d{19} \d{19}$/m);
      await transship(['exec', 'b', '--', 'docker', 'pause', 'web']); // down must end a frozen one, too
    });

    test('sync: a program that was built here runs in the place of the own one; one that does not run there never stays', async () => {
      const folder = mkdtempSync(join(tmpdir(), 'built-'));
      const built = (name: string, text: string): string => {
        writeFileSync(join(folder, name), text);
        return join(folder, name);
      };
      const sync = (...words: readonly string[]) => transship(['sync', 'a', ...words]);
      const version = async (): Promise<string> => (await transship(['exec', 'a', '--', 'criu', '--version'])).stdout;
      const own = await version();
      const other = await sync(built('criu', '#!/bin/sh\necho Version: 99\n'));
      expect(other).toMatchObject({ exitCode: 0, stderr: `a: criu was ${own.split('\n')[0]}, is Version: 99` });
      expect(await version()).toBe('Version: 99');
      expect(await sync('criu', '--back')).toMatchObject({
        exitCode: 0,
        stderr: expect.stringMatching(/^a: criu is its own again: Version: 4/),
      });
      expect(await version()).toBe(own);
      expect(await sync('criu', '--back')).toMatchObject({
        exitCode: 1,
        stderr: expect.stringContaining("criu is the host's own"),
      });
      const broken = await sync(built('criu', '#!/bin/sh\necho libfoo.so.1: not found >&2; exit 127\n'));
      expect(broken).toMatchObject({
        exitCode: 1,
        stderr: expect.stringContaining('criu does not run on a: libfoo.so.1: not found'),
      });
      expect(await version()).toBe(own);
      expect(await sync(built('perl', ''))).toMatchObject({
        exitCode: 2,
        stderr: expect.stringContaining("'perl' is no program of a Docker host"),
      });
      const before = (await transship(['exec', 'a', '--', 'pidof', 'dockerd'])).stdout;
      copyFileSync(`/proc/${state.hosts[0]?.initPid}/root/usr/sbin/dockerd`, join(folder, 'dockerd'));
      expect(await sync(join(folder, 'dockerd'))).toMatchObject({ exitCode: 0 });
      expect((await transship(['exec', 'a', '--', 'sh', '-c', 'docker version >/dev/null && pidof dockerd'])).stdout).not.toBe(
        before,
      );
      rmSync(folder, { recursive: true });
    });

    test('down leaves nothing', async () => {
      expect(await transship(['down'])).toMatchObject({ exitCode: 0, stderr: `set '${set}' is gone` });
      await expectNothingNew(before);
    });
  });

  const moments: readonly (readonly [string, () => boolean])[] = [
    ['as soon as its folder is there', () => existsSync(join(testbedFolder(set), 'maker'))],
    ['when the wire is there', () => existsSync(join(testbedFolder(set), 'wire'))],
    ['when a host starts', () => existsSync(join(testbedFolder(set), 'a.init'))],
    ['while dockerd starts', () => existsSync(`/var/lib/transship/testbed/${set}/a/upper/var/log/dockerd.log`)],
  ];
  test.each(moments)('up is killed %s: down leaves nothing', async (_, isThere) => {
    const child = spawn('node', [program, 'testbed', 'up'], { env: { ...process.env, TRANSSHIP_TESTBED: set }, stdio: 'ignore' });
    for (let tries = 0; !isThere() && tries < 6000; tries += 1) await sleep(5);
    expect(isThere()).toBe(true);
    child.kill('SIGKILL');
    expect(readTestbed(set)).toBeNull();
    await takeDown(set);
    await expectNothingNew(before);
  });

  test.each(moments)('up is interrupted %s: it cleans up by itself', async (_, isThere) => {
    const child = execa('node', [program, 'testbed', 'up'], { env: { TRANSSHIP_TESTBED: set }, reject: false });
    for (let tries = 0; !isThere() && tries < 6000; tries += 1) await sleep(5);
    child.kill('SIGINT');
    expect(await child).toMatchObject({ exitCode: 130, stderr: expect.stringContaining('testbed up was interrupted') });
    await expectNothingNew(before);
  });

  test('up after a killed one makes the set anew', async () => {
    const child = spawn('node', [program, 'testbed', 'up'], { env: { ...process.env, TRANSSHIP_TESTBED: set }, stdio: 'ignore' });
    for (let tries = 0; !moments[2]?.[1]() && tries < 6000; tries += 1) await sleep(5);
    child.kill('SIGKILL');
    await sleep(50);
    const lines: string[] = [];
    const state = await bringUp({ set, cgroup: 'v2', say: (line) => lines.push(line) });
    expect(lines[0]).toBe(`removing what is left of an earlier set '${set}'`);
    expect(readFileSync(`/proc/${state.hosts[0]?.initPid}/cgroup`, 'utf8')).toContain(`transship-testbed-${set}/a`);
    await takeDown(set);
    await expectNothingNew(before);
  });
});
