import { afterEach, beforeAll, expect, test } from 'vitest';
import type { Host } from '../../src/hosts/host.ts';
import { plan } from '../../src/migrate/plan.ts';
import { installRuntime } from '../../src/wrap/install.ts';
import { onHost } from '../destination-state.ts';
import { counterName, counts, killDockerd, reviveDockerd, startCounter } from '../host-faults.ts';
import { moveIt, usualOptions } from '../mover.ts';
import { describeOnHosts, type TwoHosts } from '../two-hosts.ts';

const removeCounter = async ({ a, b }: TwoHosts): Promise<void> => {
  for (const host of [a, b]) await host.shell.run(`docker rm -f ${counterName}`, { timeoutMs: 60_000 });
};

const inspected = (host: Host, field: string) => onHost(host, `docker inspect ${counterName} --format '{{${field}}}'`);

/** Where the kernel has it, with NAME for its id. */
async function placeOf(host: Host): Promise<string> {
  const line = await onHost(host, `cat /proc/$(docker inspect ${counterName} --format '{{.State.Pid}}')/cgroup`);
  return line.replaceAll(await inspected(host, '.Id'), 'NAME');
}

describeOnHosts('a daemon with a cgroup parent of its own', 'cgroup-parent', (hosts) => {
  const usual = '/etc/docker/daemon.json';

  beforeAll(async () => {
    const { a, b } = hosts();
    for (const host of [a, b]) await installRuntime(host);
    await onHost(b, `sed -i '0,/{/s//{ "cgroup-parent": "\\/mine",/' ${usual}; ${killDockerd}`);
    await reviveDockerd(b);
  }, 600_000);

  afterEach(() => removeCounter(hosts()));

  test('is refused, as Docker would look for the container elsewhere; one that names its parent moves, and can be paused', async () => {
    const { a, b } = hosts();
    await startCounter(a);
    for (const strategy of ['docker', 'diskless'] as const)
      await expect(
        plan({ container: counterName, source: a, destination: b, options: { ...usualOptions, strategy } }),
      ).rejects.toMatchObject({ message: "b: cgroup parent Docker's own on the source, /mine on the destination" });
    await onHost(a, `docker rm -f ${counterName}`);
    await startCounter(a, '--cgroup-parent /theirs');
    const { manifest } = await moveIt(hosts(), { container: counterName, options: { strategy: 'diskless' } });
    expect(manifest).toMatchObject({ outcome: 'migrated', error: null });
    expect(await placeOf(b)).toContain('0::/theirs/NAME');
    await onHost(b, `docker pause ${counterName}`);
    expect(
      await onHost(b, `cat /sys/fs/cgroup/theirs/$(docker inspect ${counterName} --format '{{.Id}}')/cgroup.events`),
    ).toContain('frozen 1');
    await onHost(b, `docker unpause ${counterName}`);
    expect(await counts(b)).toBe(true);
  });
});

describeOnHosts(
  'limits',
  'limits',
  (hosts) => {
    beforeAll(async () => {
      for (const host of [hosts().a, hosts().b]) await installRuntime(host);
    }, 600_000);

    afterEach(() => removeCounter(hosts()));

    const files = {
      memory: 'memory.limit_in_bytes memory.soft_limit_in_bytes',
      pids: 'pids.max',
      cpuset: 'cpuset.cpus',
      cpu: 'cpu.cfs_quota_us cpu.shares',
    };

    async function limitsOn(host: Host): Promise<string> {
      const folder = await onHost(host, `echo $(docker inspect ${counterName} --format '{{.HostConfig.CgroupParent}}/{{.Id}}')`);
      const paths = Object.entries(files).map(
        ([controller, names]) => `cd /sys/fs/cgroup/${controller}${folder} && grep . ${names} /dev/null`,
      );
      return onHost(host, paths.join('; '));
    }

    test.each(['private', 'host'])('are the same after a move, with the cgroup namespace %s', async (namespace) => {
      const { a, b } = hosts();
      const flags = '--memory 128m --memory-reservation 64m --pids-limit 77 --cpuset-cpus 0 --cpus 0.5 --cpu-shares 300';
      await startCounter(a, `--cgroup-parent /mine --cgroupns ${namespace} ${flags}`);
      const seen = async (host: Host) => ({
        limits: await limitsOn(host),
        place: await placeOf(host),
        inside: (await onHost(host, `docker exec ${counterName} cat /proc/1/cgroup`)).replaceAll(
          await inspected(host, '.Id'),
          'NAME',
        ),
        settings: await inspected(host, 'json .HostConfig').then((text) => ({ ...JSON.parse(text), Runtime: '' })),
      });
      const before = await seen(a);
      expect(before.limits).toContain(`memory.limit_in_bytes:${128 * 1024 ** 2}`);
      const { manifest } = await moveIt(hosts(), { container: counterName, options: { strategy: 'diskless' } });
      expect(manifest).toMatchObject({ outcome: 'migrated', error: null });
      expect(await seen(b)).toEqual(before);
      expect(before.inside.includes('NAME')).toBe(namespace === 'host');
    });
  },
  { cgroup: 'v1' },
);
