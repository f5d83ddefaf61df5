import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { importHostImage } from '../../vm/host-image.ts';
import { missingForTestbed, missingForVms } from '../../vm/prerequisites.ts';
import { debianKernel } from '../../vm/qemu/kernel.ts';
import { treeAndDisk } from '../../vm/qemu/tree-and-disk.ts';
import { inMounts } from '../in-mounts.ts';
import { missingForPlainUser, PlainUser } from '../plain-user.ts';

const missing = [...missingForTestbed(), ...missingForVms(), ...(await missingForPlainUser())];
const limitMs = 1_200_000;

/** Counts in /count: a copy that goes on, and does not begin anew, counts further. */
const counter = `docker run -d --name counter -p 8080:80 counter /usr/bin/perl -e '
  while (1) { open F, ">", "/new"; print F ++$n; close F; rename "/new", "/count"; select undef, undef, undef, 0.1 }'`;

describe.skipIf(missing.length > 0)(`virtual machines without root and without namespaces ${missing.join('; ')}`, () => {
  const user = new PlainUser();
  const testbed = (...words: readonly string[]) => user.transship(['testbed', ...words], limitMs);
  const onHost = async (name: string, script: string): Promise<string> => {
    const { exitCode, stdout, stderr } = await testbed('exec', name, '--', 'sh', '-c', script);
    expect(exitCode, stderr).toBe(0);
    return stdout;
  };

  // root's disk serves every user
  beforeAll(async () => {
    const own = { prefix: [], say: () => {} };
    const { vmlinuz } = await debianKernel({ version: '6.12', ...own });
    await treeAndDisk({ packages: 'debian13', extra: [], ...own, vmlinuz, accelerator: 'tcg' });
  }, limitMs);
  afterAll(async () => {
    await testbed('down');
    user[Symbol.dispose]();
  }, limitMs);

  test(
    'up, a move, down: only the loopback address listens, and nothing is left',
    async () => {
      const up = await testbed('up', '--kind', 'vm');
      expect(up.exitCode, up.stderr).toBe(0);
      expect((await testbed('status')).stdout).toMatch(
        /^test:a .* up\ntest:b .* up\nvirtual machines \((tcg|kvm)\): kernel 6\.12/,
      );

      const listening = await listeningOf(user);
      expect(listening).toHaveLength(2);
      for (const address of listening) expect(address).toMatch(/^127\.0\.0\.1:\d+$/);
      expect(new Set(listening).size).toBe(2);

      await onHost('a', `${importHostImage('counter')} && ${counter} && sleep 5`);
      const before = Number(await onHost('a', 'docker exec counter cat /count'));
      const shell = await user.transship(['testbed', 'shell', 'a'], limitMs, [], 'hostname; id -u\n');
      expect(shell.stdout, shell.stderr).toBe('a\n0');
      const built = join(user.folder, 'criu');
      writeFileSync(built, '#!/bin/sh\necho Version: 99\n', { mode: 0o755 });
      for (const [program, said] of [
        [built, /^a: criu was Version: .*, is Version: 99$/],
        ['--back criu', /^a: criu is its own again: Version: 4/],
      ] as const)
        expect((await testbed('sync', 'a', ...program.split(' '))).stderr).toMatch(said);

      const move = ['migrate', 'counter', 'test:b', '--from', 'test:a', '--strategy', 'post-copy', '--yes'];
      const { exitCode, stdout, stderr } = await user.transship(move, limitMs);
      expect(exitCode, stderr).toBe(0);
      expect(`${stdout}${stderr}`).toContain('made without root answers on its wire alone');
      expect(Number(await onHost('b', 'docker exec counter cat /count'))).toBeGreaterThan(before);

      expect((await testbed('down')).exitCode).toBe(0);
      expect(user.left()).toEqual([]);
      expect(user.files('state', 'tmp')).toEqual([]);
    },
    2 * limitMs,
  );

  /** Some two minutes: each of its machines is emulated. */
  test.runIf(process.env.TRANSSHIP_FAULTS === 'all')(
    'a cell of the matrix',
    async () => {
      const { exitCode, stdout, stderr } = await user.transship(
        ['matrix', '--kernels', '6.12', '--crius', 'debian13', '--format', 'json'],
        2 * limitMs,
      );
      expect(exitCode, stderr).toBe(0);
      expect(JSON.parse(stdout)).toMatchObject({ cells: [{ failures: [], run: expect.any(String) }] });
      expect(user.left()).toEqual([]);
    },
    2 * limitMs,
  );

  test('hosts in namespaces are refused, with what would do', async () => {
    const { exitCode, stderr } = await user.transship(['testbed', 'up'], limitMs, ['env', 'TRANSSHIP_TESTBED=none']);
    expect(exitCode).toBe(3);
    expect(stderr).toMatch(/^error: no test hosts here: test hosts need root \(virtual machines do not: testbed up --kind vm\)/);
  });

  test('a place that cannot hold sockets is refused, with which', async () => {
    const { exitCode, stderr } = await user.transship(['testbed', 'up', '--kind', 'vm'], limitMs, [
      'env',
      'XDG_STATE_HOME=/tmp/a b',
    ]);
    expect(exitCode).toBe(3);
    expect(stderr).toMatch(/^error: \/tmp\/a b\/transship\/run\/default: test hosts cannot have their sockets there\n {2}hint: /);
  });

  test.runIf(process.env.TRANSSHIP_FAULTS === 'all')(
    'from a saved state, the second time',
    async () => {
      for (const said of [/^no such hosts are saved/m, /^a: its clock stood \d+\.\d s behind/m]) {
        const up = await testbed('up', '--kind', 'vm', '--saved');
        expect(up.exitCode, up.stderr).toBe(0);
        expect(up.stderr).toMatch(said);
        expect(await onHost('a', 'docker version >/dev/null && ssh b hostname')).toBe('b');
        expect((await testbed('down')).exitCode).toBe(0);
      }
    },
    2 * limitMs,
  );

  /** Four minutes on two idle cores, where code is emulated. */
  test.runIf(process.env.TRANSSHIP_FAULTS === 'all')(
    'no root ever made a disk here: a machine installs it',
    async () => {
      const hidden = inMounts('mount -t tmpfs none /var/cache/transship');
      const up = await user.transship(['testbed', 'up', '--kind', 'vm'], 7_200_000, hidden);
      expect(up.exitCode, up.stderr).toBe(0);
      expect(up.stderr).toMatch(/^built the disk of the virtual machines \(debian13\), without root in /m);
      expect(await onHost('a', 'dpkg --audit; ssh b criu check; stat -c %U /usr/bin/docker')).toMatch(/Looks good.*\nroot$/);
      expect((await testbed('down')).exitCode).toBe(0);
      expect(user.left()).toEqual([]);
    },
    7_200_000,
  );
});

/** Addresses with ports at which processes of that user listen, by any protocol. */
async function listeningOf(user: PlainUser): Promise<readonly string[]> {
  const pids = user.left().map((one) => one.split(' ')[0]);
  const { stdout } = await execa('ss', ['-tulnpH']);
  const lines = stdout.split('\n').filter((line) => pids.some((pid) => line.includes(`pid=${pid},`)));
  return lines.map((line) => line.split(/\s+/)[4] ?? '');
}
