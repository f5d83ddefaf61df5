import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { execa } from 'execa';
import { beforeAll, describe, expect, test } from 'vitest';
import { packageRoot } from '../../src/evidence/run-folder.ts';
import { missingForTestbed, missingForVms } from '../../vm/prerequisites.ts';
import { takeDown } from '../../vm/testbed-down.ts';
import { readTestbed, testbedFolder } from '../../vm/testbed-state.ts';
import { inMounts } from '../in-mounts.ts';
import { testSet } from '../test-set.ts';
import { type MachineTraces, machineTraces, newTraces } from './machine-traces.ts';

const set = testSet('vm-bad');
const program = join(packageRoot(), 'dist/src/cli/main.js');
const missing = [...missingForTestbed(), ...missingForVms()];
const limitMs = 300_000;

describe.skipIf(missing.length > 0)(`virtual machines that cannot be made ${missing.join('; ')}`, () => {
  let before: MachineTraces;
  beforeAll(async () => {
    await takeDown(set);
    before = machineTraces(set);
  });

  const expectNothingNew = () =>
    expect.poll(() => newTraces(before, machineTraces(set)), { timeout: 20_000, interval: 200 }).toEqual([]);

  async function up(words: readonly string[], around: readonly string[] = []) {
    const all = [...around, process.execPath, program, 'testbed', 'up', '--kind', 'vm', ...words];
    const env = { TRANSSHIP_TESTBED: set, NO_COLOR: '1' };
    const { exitCode, stderr } = await execa(all[0] as string, all.slice(1), { env, reject: false, timeout: limitMs });
    return { exitCode, stderr };
  }

  /** Instead of every disk one whose root has nothing in it. */
  const emptyRoot = `mount -t tmpfs none /mnt && mkdir /mnt/root && sh ${join(packageRoot(), 'vm/qemu/disk.sh')} /mnt/disk /mnt/root 64 7472616e &&
    for disk in /var/cache/transship/*.disk; do mount --bind /mnt/disk $disk || exit; done`;

  const rows = [
    [
      'no QEMU',
      [],
      inMounts('mount -t tmpfs none /mnt && ln -s /usr/bin/* /mnt && rm -f /mnt/qemu-* && export PATH=/mnt'),
      3,
      /^error: no virtual machines here: no qemu-img \(Debian package qemu-utils\); no qemu-system-x86_64 .*\n {2}hint: apt-get install qemu-utils qemu-system-x86$/,
    ],
    [
      "a guest's panic: the end of its console",
      [],
      inMounts(emptyRoot),
      1,
      /error: the kernel of [ab] panicked: Requested init \/bin\/sh failed.*\nend of its console:\n(.*\n)+ {2}hint: /,
    ],
    ['an unknown kernel', ['--kernel', '5.10'], [], 2, /^error: no kernel 5\.10 here\n {2}hint: there are 6\.1, 6\.12, testing/],
    [
      'a version that the mirror does not have any more',
      ['--kernel', '6.12.1'],
      [],
      3,
      /error: kernel 6\.12\.1: E: kernel 6\.12\.1 is gone from the mirror, which has linux-image-6\.12\.\S+-cloud-amd64 \n {2}hint: .*--kernel 6\.12 takes the one/,
    ],
    [
      'an unknown CRIU',
      ['--criu', '9'],
      [],
      2,
      /^error: no set of packages has CRIU 9\n {2}hint: there are debian13 \(CRIU 4\.2\.1/,
    ],
    [
      'a size that is none',
      ['--memory', '1T'],
      [],
      2,
      /^error: --memory 1T: not a size that Docker runs in\n {2}hint: 384M or more/,
    ],
    ['too much memory', ['--memory', '4096G'], [], 3, /^error: two virtual machines of 4194304 MiB: this machine has \d+ MiB\n/],
    [
      'no room',
      [],
      inMounts('mkdir -p /var/cache/transship && mount -t tmpfs -o size=64m none /var/cache/transship'),
      3,
      /^error: \/var\/cache\/transship: 0\.1 GB are free; virtual machines need 2 GB there\n/,
    ],
  ] as const;

  test.each(rows)(
    '%s: told, and nothing is left',
    async (_, words, around, exitCode, message) => {
      const answer = await up(words, around);
      expect(answer).toMatchObject({ exitCode, stderr: expect.stringMatching(message) });
      await expectNothingNew();
    },
    limitMs,
  );

  test(
    'a machine that ends while it boots: told, and nothing is left',
    async () => {
      const answer = up([]);
      await untilBooting();
      const [, pid = ''] = /^processes: (\d+) qemu/m.exec(newTraces(before, machineTraces(set)).join('\n')) ?? [];
      process.kill(Number(pid), 'SIGKILL');
      expect(await answer).toMatchObject({
        exitCode: 1,
        stderr: expect.stringMatching(/error: the virtual machine [ab] ended: /),
      });
      await expectNothingNew();
    },
    limitMs,
  );

  const untilBooting = async () => {
    const consoles = ['a', 'b'].map((name) => join(testbedFolder(set), `${name}.console`));
    const end = Date.now() + limitMs;
    while (!consoles.every((file) => existsSync(file)) && Date.now() < end) await sleep(20);
    expect(consoles.filter((file) => existsSync(file))).toEqual(consoles);
  };

  test(
    'up is killed while the machines boot: down leaves nothing',
    async () => {
      const words = [program, 'testbed', 'up', '--kind', 'vm'];
      const child = spawn('node', words, { env: { ...process.env, TRANSSHIP_TESTBED: set }, stdio: 'ignore' });
      await untilBooting();
      child.kill('SIGKILL');
      expect(readTestbed(set)).toBeNull();
      expect(newTraces(before, machineTraces(set)).filter((line) => /processes: .*qemu/.test(line))).toHaveLength(2);
      await takeDown(set);
      await expectNothingNew();
    },
    limitMs,
  );
});
