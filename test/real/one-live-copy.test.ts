import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, expect, test } from 'vitest';
import { createCheckpoint, startFromCheckpoint } from '../../src/hosts/checkpoints.ts';
import type { Host } from '../../src/hosts/host.ts';
import { endPause, freeze, runcRootOf, runcStatus } from '../../src/migrate/live-copy.ts';
import { stopForGood } from '../../src/migrate/stop-copy.ts';
import { importHostImage } from '../../vm/host-image.ts';
import { onHost } from '../destination-state.ts';
import { counterName, counts, doAtOnce, killDockerd, reviveDockerd, startCounter } from '../host-faults.ts';
import { moveIt } from '../mover.ts';
import { describeOnce } from '../two-hosts.ts';

/** Enough that containerd's unpacking and CRIU's reading take most of a second: each moment falls into another part of the start. */
const memoryMb = 150;

/** Two minutes: `npm test` takes the moment in the middle. */
const isWhole = process.env.TRANSSHIP_FAULTS === 'all';
const testWhole = isWhole ? test : () => {};

describeOnce('a destination whose dockerd fails in mid-start', 'onelive', (hosts) => {
  afterEach(async () => {
    for (const host of [hosts().a, hosts().b]) {
      await host.shell.run('kill -CONT $(pidof dockerd)');
      await reviveDockerd(host);
      await host.shell.run(`docker rm -f ${counterName}; rm -rf /tmp/ctrd-checkpoint*`);
    }
  });

  test.each(isWhole ? [100, 400, 900] : [400])('killed %i ms after it began: exactly one copy lives', async (delayMs) => {
    const { a, b } = hosts();
    await startCounter(a, '', memoryMb);
    const pending: Promise<unknown>[] = [];
    const { manifest } = await moveIt(hosts(), {
      container: counterName,
      onStep: ({ step, state }) => {
        if (step === 'start' && state === 'begin') pending.push(sleep(delayMs).then(() => doAtOnce(b, killDockerd)));
      },
    });
    await Promise.all(pending);
    const isMoved = manifest.outcome === 'migrated';
    expect(['migrated', 'rolled-back']).toContain(manifest.outcome);
    await sleep(1_500); // what containerd still had in hand would be there by now
    expect([await copies(a), await copies(b)]).toEqual(isMoved ? [0, 1] : [1, 0]);
    expect(await counts(isMoved ? b : a)).toBe(true);
  });

  test('one that Docker has paused, and whose freezer was given back behind its back: Docker is told, and it goes on', async () => {
    const { a } = hosts();
    const id = await startCounter(a);
    const status = () => onHost(a, `docker inspect -f '{{.State.Status}}' ${id}`);
    await onHost(a, `docker pause ${id} && runc --root ${runcRootOf(id)} resume ${id}`);
    expect(await status()).toBe('paused');
    await endPause(a, id);
    expect(await status()).toBe('running');
    expect(await counts(a)).toBe(true);
  });

  testWhole('one that only stood still, and is woken after the roll-back: it starts nothing', async () => {
    const { b } = hosts();
    const id = await startCounter(b, '', memoryMb);
    await createCheckpoint(b, id, { checkpointId: 'one', exit: true });
    const started = startFromCheckpoint(b, id, 'one').then(
      () => 'started',
      (error: Error) => error.message,
    );
    await sleep(100);
    doAtOnce(b, 'kill -STOP $(pidof dockerd)');
    await stopForGood(b, id);
    expect(await copies(b)).toBe(0);
    doAtOnce(b, 'kill -CONT $(pidof dockerd)');
    expect(await started).toContain('already exists');
    await sleep(500);
    expect(await copies(b)).toBe(0);
  });
});

describeOnce('a container that Docker says does not run', 'unknown', (hosts) => {
  test('is ended all the same, where a process of it goes on', async () => {
    const { b } = hosts();
    const id = await onHost(b, `{ ${importHostImage('counter')}; } && docker create --name ${counterName} counter`);
    expect(await stopForGood(b, id)).toBe(false);
    const group = `/sys/fs/cgroup/docker/${id}`;
    await onHost(
      b,
      `mkdir -p ${group} && setsid sh -c 'echo $$ >${group}/cgroup.procs; exec sleep 600' >/dev/null 2>&1 </dev/null &`,
    );
    await expect.poll(() => onHost(b, `cat ${group}/cgroup.procs`)).toMatch(/^\d+$/);
    expect(await stopForGood(b, id)).toBeNull();
    expect(await onHost(b, `cat ${group}/cgroup.procs`)).toBe('');
  });
});

/** As a program of a post-copy that is in a read(2) when no more pages come: it waits in the kernel, for the userfaultfd(2) of its child. x86-64. */
const inTheKernel = `my $fd = syscall 323, 0; open my $u, "+<&=", $fd or die; my $api = pack "QQQ", 0xAA, 0, 0; ioctl $u, 0xC018AA3F, $api or die;
  my $at = syscall 9, 0, 4096, 3, 0x22, -1, 0; my $range = pack "QQQQ", $at, 4096, 1, 0; ioctl $u, 0xC020AA00, $range or die;
  unless (fork) { sleep 1000 } close $u; open my $zeros, "<", "/dev/zero"; print "reads\\n"; syscall 0, fileno $zeros, $at, 4096; print "goes on\\n"`;

describeOnce('a process that waits in the kernel for a page', 'inkernel', (hosts) => {
  test.skipIf(process.arch !== 'x64')(
    'is held all the same: the freezer is told, and it comes back to none of its code',
    async () => {
      const { b } = hosts();
      const run = `docker run --privileged -d --name waits counter /usr/bin/perl -e '$| = 1; ${inTheKernel}'`;
      const id = await onHost(b, `{ ${importHostImage('counter')}; } && ${run}`);
      try {
        await onHost(b, 'for i in $(seq 100); do docker logs waits | grep -q reads && exit; sleep 0.1; done; exit 1');
        await freeze(b, id);
        expect(await runcStatus(b, id)).toBe('paused');
        doAtOnce(b, `pkill -KILL -f '^/usr/bin/perl -e' --newest`); // whom it waits for: its read ends
        await sleep(500);
        expect(await onHost(b, 'docker logs waits')).toBe('reads');
        await b.shell.run(`echo 0 >$(find /sys/fs/cgroup -path '*${id}/cgroup.freeze')`);
        await expect.poll(() => onHost(b, 'docker logs waits'), { timeout: 10_000 }).toBe('reads\ngoes on');
      } finally {
        await b.shell.run('docker rm -f waits', { timeoutMs: 60_000 });
      }
    },
  );
});

async function copies(host: Host): Promise<number> {
  return Number(await onHost(host, "grep -ls '^perl$' /proc/[0-9]*/comm | wc -l"));
}
