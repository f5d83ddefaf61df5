import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { whereabouts } from '../../src/cli/whereabouts.ts';
import type { MoveOptions } from '../../src/migrate/plan.ts';
import { coldSteps } from '../../src/migrate/strategies/cold.ts';
import { disklessSteps } from '../../src/migrate/strategies/diskless.ts';
import { postCopySteps } from '../../src/migrate/strategies/post-copy.ts';
import { installRuntime } from '../../src/wrap/install.ts';
import { onHost } from '../destination-state.ts';
import { counterName, counts, kill, killDockerd, remains, reviveDockerd, startCounter } from '../host-faults.ts';
import { moveIt } from '../mover.ts';
import { describeOnHosts, type TwoHosts } from '../two-hosts.ts';

type Strategy = MoveOptions['strategy'];

interface Fault {
  readonly what: string;
  readonly strategies: readonly Strategy[];
  readonly on: 'a' | 'b';
  /** It is done while this step goes on. */
  readonly during: string;
  readonly command: string;
  /** Much like another one: only with TRANSSHIP_FAULTS=all. */
  readonly isRare?: true;
}

const all: readonly Strategy[] = ['cold', 'diskless', 'post-copy'];

/** `npm test` tries every fault, and every step, with one of the strategies; TRANSSHIP_FAULTS=all with each of them. */
const isWhole = process.env.TRANSSHIP_FAULTS === 'all';
const some = <T>(list: readonly T[], place: number): readonly T[] =>
  isWhole ? list : list.slice(place % list.length).slice(0, 1);

/** Before the destination has proved to run: each ends with the container running on a, and nothing left. */
const rolledBack: readonly Fault[] = [
  { what: "CRIU's dump killed", strategies: all, on: 'a', during: 'dump', command: kill('^criu: dump') },
  {
    what: 'runc checkpoint killed',
    strategies: all,
    on: 'a',
    during: 'dump',
    command: kill('runc .*checkpoint --leave-running'),
    isRare: true,
  },
  { what: 'the dump script killed', strategies: all, on: 'a', during: 'dump', command: kill('^bash .*/dump /run') },
  { what: 'the page server killed', strategies: ['diskless'], on: 'b', during: 'dump', command: kill('^criu page-server') },
  { what: "CRIU's restore killed", strategies: all, on: 'b', during: 'hand-over', command: kill('^criu: restore') },
  {
    what: 'runc restore killed',
    strategies: all,
    on: 'b',
    during: 'hand-over',
    command: kill('runc .*restore --detach'),
    isRare: true,
  },
  { what: 'the receiver killed', strategies: all, on: 'b', during: 'dump', command: kill('^bash .*/receive /run'), isRare: true },
  { what: 'the waiting runtime killed', strategies: all, on: 'b', during: 'dump', command: kill('^bash .*/restore /run') },
  { what: 'the shim killed', strategies: all, on: 'b', during: 'dump', command: kill('containerd-shim-runc-v2 .*moby') },
  { what: 'dockerd killed', strategies: all, on: 'b', during: 'dump', command: killDockerd },
  {
    what: 'every ssh connection between the hosts killed',
    strategies: all,
    on: 'a',
    during: 'dump',
    command: 'for i in $(seq 60); do pkill -9 -x ssh; sleep 0.02; done',
  },
  {
    what: 'no memory left for the images',
    strategies: ['cold', 'diskless'],
    on: 'b',
    during: 'warm-destination',
    command: 'mount -o remount,size=1m $(ls -d /run/transship/transship-*/images)',
  },
  {
    what: 'an image cut short',
    strategies: ['post-copy'],
    on: 'b',
    during: 'hand-over',
    command:
      'for i in $(seq 1000); do f=$(ls /run/transship/transship-*/images/core-1.img 2>/dev/null) && truncate -s 20 $f && exit; done',
  },
];

describeOnHosts('a move past the content store that is disturbed', 'direct-faults', (hosts) => {
  let before: { readonly a: string; readonly b: string };

  beforeAll(async () => {
    await installRuntime(hosts().b);
  });

  beforeEach(async () => {
    const { a, b } = hosts();
    before = { a: '', b: await remains(b) };
    await startCounter(a, '--restart unless-stopped', 40);
    before = { ...before, a: await remains(a) };
  });

  afterEach(async () => {
    for (const host of [hosts().a, hosts().b]) {
      await reviveDockerd(host);
      await host.shell.run(`docker rm -f ${counterName}; docker image rm -f counter`, { timeoutMs: 60_000 });
    }
  });

  describe.each([
    ['cold', coldSteps],
    ['diskless', disklessSteps],
    ['post-copy', postCopySteps],
  ] as const)('by Ctrl-C, %s', (strategy, steps) => {
    const names = steps.map((step) => step.name);
    // what both paths have before is tried in faults.test.ts
    const own = names.slice(names.indexOf('stage'));
    const noReturn = own.indexOf(strategy === 'post-copy' ? 'residual' : 'verify');
    const interrupted = async (name: string) => {
      const abort = new AbortController();
      const onStep = ({ step, state }: { step: string; state: string }) => {
        if (step === name && state === 'begin') abort.abort();
      };
      return await moveIt(hosts(), { container: counterName, onStep, signal: abort.signal, options: { strategy } });
    };

    const turn = all.indexOf(strategy);
    const chosen = <T extends string>(names: readonly T[]) =>
      names.filter((name) => isWhole || (own as readonly string[]).indexOf(name) % 3 === turn);

    test.each(chosen(own.slice(0, noReturn)))('in step %s: rolled back', async (name) => {
      const { manifest } = await interrupted(name);
      expect(manifest).toMatchObject({ outcome: 'rolled-back', error: { code: 'interrupted' } });
      await expectOnSourceAlone(hosts(), before);
    });

    test.each(chosen(own.slice(noReturn)))('in step %s: changes nothing', async (name) => {
      const { manifest } = await interrupted(name);
      expect(manifest).toMatchObject({ outcome: 'migrated', error: null });
      expect(await counts(hosts().b)).toBe(true);
      expect(await onHost(hosts().a, `docker ps -aq; ls -A /run/transship 2>/dev/null; true`)).toBe('');
      expect(await onHost(hosts().b, `ls -A /run/transship 2>/dev/null; true`)).toBe('');
    });
  });

  describe.each(
    rolledBack
      .filter(({ isRare }) => isWhole || !isRare)
      .map((fault, place) => ({ ...fault, strategies: some(fault.strategies, place) })),
  )('$what', ({ strategies, on, during, command }) => {
    test.each(strategies)('%s: the container goes on where it was', async (strategy) => {
      const pending: Promise<unknown>[] = [];
      const shell = await hosts()[on].openShell();
      const { manifest } = await moveIt(hosts(), {
        container: counterName,
        options: { strategy },
        onStep: ({ step, state }) => {
          if (step === during && state === 'begin') pending.push(shell.run(command, { timeoutMs: 20_000 }));
        },
      });
      await Promise.all(pending);
      await shell[Symbol.asyncDispose]();
      expect(manifest.outcome, JSON.stringify(manifest.error)).toBe('rolled-back');
      expect(await counts(hosts().a)).toBe(true);
      expect(await onHost(hosts().b, "grep -ls '^perl$' /proc/[0-9]*/comm | wc -l")).toBe('0');
      for (const host of [hosts().a, hosts().b]) {
        await reviveDockerd(host);
        expect(await onHost(host, 'ls -A /run/transship 2>/dev/null; true')).toBe('');
      }
    });
  });

  test('post-copy, the page daemon killed while pages are still to come: both halves are kept, neither runs', async () => {
    const { a, b } = hosts();
    await onHost(a, `docker rm -f ${counterName}`);
    await startCounter(a, '', 300);
    const shell = await b.openShell();
    const pending: Promise<unknown>[] = [];
    const { manifest } = await moveIt(hosts(), {
      container: counterName,
      options: { strategy: 'post-copy' },
      onStep: ({ step, state }) => {
        if (step === 'restore' && state === 'end') pending.push(shell.run(kill('^criu lazy-pages')));
      },
    });
    await Promise.all(pending);
    await shell[Symbol.asyncDispose]();
    expect(manifest.outcome, JSON.stringify(manifest.error)).toBe('halves-kept');
    expect(whereabouts(manifest)).toMatch(/runs nowhere: its newest state lies on two hosts/);
    await sleep(500);
    for (const host of [a, b]) expect(await isStill(hosts(), host === a ? 'a' : 'b')).toBe(true);
    // the second of the two ways that the message names
    await onHost(b, `docker rm -f ${counterName}`);
    const [, goBack = 'false'] = /on a: (cd .* after-go)\)/.exec(whereabouts(manifest)) ?? [];
    expect(await onHost(a, goBack)).toBe('thawed');
    expect(await onHost(a, `docker exec ${counterName} cat /sys/class/net/eth0/carrier`)).toBe('1');
    expect(await counts(a)).toBe(true);
    for (const host of [a, b]) await onHost(host, 'umount /run/transship/transship-*/images; rm -rf /run/transship');
  });
});

async function isStill(hosts: TwoHosts, on: 'a' | 'b'): Promise<boolean> {
  const ticks = "cat $(grep -ls '^perl$' /proc/[0-9]*/comm | sed 's/comm$/stat/') /dev/null | cut -d ' ' -f 14,15";
  const first = await onHost(hosts[on], ticks);
  await sleep(300);
  return (await onHost(hosts[on], ticks)) === first;
}

/** It counts on a, its policy and all as before; b has nothing of it. */
async function expectOnSourceAlone({ a, b }: TwoHosts, before: { readonly a: string; readonly b: string }): Promise<void> {
  expect(await counts(a)).toBe(true);
  expect(await remains(a)).toBe(before.a);
  expect(await remains(b)).toBe(before.b);
  expect(await onHost(a, `docker inspect -f '{{.HostConfig.RestartPolicy.Name}} {{.State.Status}}' ${counterName}`)).toBe(
    'unless-stopped running',
  );
}
