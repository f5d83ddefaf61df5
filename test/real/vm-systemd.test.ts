import { beforeAll, expect, test } from 'vitest';
import type { Host } from '../../src/hosts/host.ts';
import type { StrategyName } from '../../src/migrate/strategies/names.ts';
import { installRuntime } from '../../src/wrap/install.ts';
import { readTestbed } from '../../vm/testbed-state.ts';
import { transship } from '../built-command.ts';
import { onHost } from '../destination-state.ts';
import { moveIt } from '../mover.ts';
import { describeOnHosts } from '../two-hosts.ts';
import { startWriter } from '../writer.ts';

const vm = { kernel: '6.12', cpus: 1, memoryMib: 1024 };
const limits = { memoryBytes: 64 * 2 ** 20, cpuQuota: '50000 100000', pids: '20' };
const flags = `--memory 64m --cpus 0.5 --pids-limit ${limits.pids}`;

/** The others are for `TRANSSHIP_FAULTS=all`: a CI run has minutes for this file. */
const strategies: readonly StrategyName[] =
  process.env.TRANSSHIP_FAULTS === 'all' ? ['docker', 'cold', 'diskless', 'pre-copy', 'post-copy'] : ['diskless', 'post-copy'];

describeOnHosts(
  'hosts that boot systemd, with AppArmor and limits',
  'vm-systemd',
  (hosts) => {
    beforeAll(async () => {
      const { a, b } = hosts();
      await Promise.all([installRuntime(a), installRuntime(b)]);
      await startWriter(a, 'hot', flags);
    });

    test('they are what real hosts are, and status says so', async () => {
      expect(readTestbed()).toMatchObject({ kind: 'vm', packages: 'debian13-systemd', init: 'systemd' });
      expect((await transship(['testbed', 'status'])).stdout).toContain('systemd is their first process, AppArmor is on\n');
      for (const host of [hosts().a, hosts().b]) {
        expect(await onHost(host, 'cat /proc/1/comm; stat -fc %T /sys/fs/cgroup')).toBe('systemd\ncgroup2fs');
        expect(await onHost(host, 'cat /sys/fs/cgroup/cgroup.controllers')).toMatch(
          /^(?=.*\bcpu\b)(?=.*\bio\b)(?=.*\bmemory\b).*\bpids\b/,
        );
        // what Debian's initrd leaves
        expect(await onHost(host, 'findmnt -no OPTIONS /run')).toContain('noexec');
        expect(await onHost(host, 'systemctl is-active docker containerd ssh && systemctl show -p MainPID --value docker')).toBe(
          `active\nactive\nactive\n${await onHost(host, 'cat /run/docker.pid')}`,
        );
        const info = await onHost(host, "docker info -f '{{.CgroupDriver}} {{.CgroupVersion}} {{.SecurityOptions}}'");
        expect(info).toMatch(/^systemd 2 .*name=apparmor/);
        expect(await onHost(host, 'grep -E "^(docker-default|runc) " /sys/kernel/security/apparmor/profiles | sort')).toBe(
          'docker-default (enforce)\nrunc (unconfined)',
        );
      }
    });

    test('before it moves, a container is in a scope of its own, confined and limited', async () => {
      await expectConfined(hosts().a);
    });

    test.each(strategies.map((strategy, index) => [strategy, index % 2 === 0] as const))(
      '%s: on the other host it goes on counting, in its own scope, confined and limited',
      async (strategy, isForth) => {
        const { a, b } = hosts();
        const [from, to] = isForth ? [a, b] : [b, a];
        const passes = Number(await onHost(from, 'docker exec writer cat /passes'));
        const { manifest } = await moveIt({ a: from, b: to }, { container: 'writer', options: { strategy } });
        expect(manifest).toMatchObject({ outcome: 'migrated', error: null });
        expect(await onHost(to, 'docker exec writer cat /first')).toBe('1');
        await expect.poll(() => passesOn(to), { timeout: 100_000, interval: 500 }).toBeGreaterThan(passes);
        await expectConfined(to);
      },
    );

    test('the limit of memory holds there: what goes beyond it is killed, and the container goes on', async () => {
      const host = strategies.length % 2 === 0 ? hosts().a : hosts().b;
      const beyond = await host.shell.run(`docker exec writer /usr/bin/perl -e '$x = "a" x 90e6; sleep 1'`, {
        timeoutMs: 100_000,
      });
      expect(beyond.exitCode).toBe(137);
      expect(Number(await ofScope(host, "sed -n 's/^oom_kill //p' memory.events"))).toBeGreaterThan(0);
      const passes = await passesOn(host);
      await expect.poll(() => passesOn(host), { timeout: 100_000, interval: 500 }).toBeGreaterThan(passes);
    });
  },
  { vm, packages: 'debian13-systemd' },
);

async function passesOn(host: Host): Promise<number> {
  return Number(await onHost(host, 'docker exec writer cat /passes'));
}

/** Shell text in the folder of the container's own cgroup; `$pid` is its process. */
function ofScope(host: Host, script: string): Promise<string> {
  return onHost(
    host,
    `pid=$(docker inspect -f '{{.State.Pid}}' writer); cd "/sys/fs/cgroup$(sed -n 's/^0:://p' "/proc/$pid/cgroup")" && ${script}`,
  );
}

async function expectConfined(host: Host): Promise<void> {
  const id = await onHost(host, "docker inspect -f '{{.Id}}' writer");
  expect(await ofScope(host, 'pwd')).toBe(`/sys/fs/cgroup/system.slice/docker-${id}.scope`);
  expect(await onHost(host, `systemctl is-active docker-${id}.scope`)).toBe('active');
  expect(await ofScope(host, 'cat memory.max cpu.max pids.max')).toBe(
    `${limits.memoryBytes}\n${limits.cpuQuota}\n${limits.pids}`,
  );
  // its memory is counted there, not where CRIU was started
  expect(Number(await ofScope(host, 'cat memory.current'))).toBeGreaterThan(16e6);
  // and docker stats reads it there: an empty group, or another, has other figures
  const [used = '', most, pids] = (
    await onHost(host, "docker stats --no-stream --format '{{.MemUsage}} / {{.PIDs}}' writer")
  ).split(' / ');
  expect(used).toMatch(/^[1-6]\d(\.\d+)?MiB$/);
  expect(most).toBe('64MiB');
  expect(pids).toBe(await ofScope(host, 'cat pids.current'));
  expect(await ofScope(host, 'cat "/proc/$pid/attr/current"')).toBe('docker-default (enforce)');
  expect(await onHost(host, "docker inspect -f '{{.AppArmorProfile}}' writer")).toBe('docker-default');
}
