import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, expect, test } from 'vitest';
import { createCheckpoint, startFromCheckpoint } from '../../src/hosts/checkpoints.ts';
import type { Host } from '../../src/hosts/host.ts';
import { stopForGood } from '../../src/migrate/live-copy.ts';
import { onHost } from '../destination-state.ts';
import { counterName, counts, doAtOnce, killDockerd, reviveDockerd, startCounter } from '../host-faults.ts';
import { moveIt } from '../mover.ts';
import { describeOnHosts } from '../two-hosts.ts';

/** Enough that containerd's unpacking and CRIU's reading take most of a second: each moment falls into another part of the start. */
const memoryMb = 150;

/** Two minutes: `npm test` takes the moment in the middle. */
const isWhole = process.env.TRANSSHIP_FAULTS === 'all';
const testWhole = isWhole ? test : () => {};

describeOnHosts('a destination whose dockerd fails in mid-start', 'onelive', (hosts) => {
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

async function copies(host: Host): Promise<number> {
  return Number(await onHost(host, "grep -ls '^perl$' /proc/[0-9]*/comm | wc -l"));
}
