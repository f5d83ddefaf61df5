import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { coldSteps } from '../../src/migrate/strategies/cold.ts';
import { disklessSteps } from '../../src/migrate/strategies/diskless.ts';
import { postCopySteps } from '../../src/migrate/strategies/post-copy.ts';
import { installRuntime } from '../../src/wrap/install.ts';
import { onHost } from '../destination-state.ts';
import { counterName, counts, dropPageChannel, letIn, remains, reviveDockerd, startCounter } from '../host-faults.ts';
import { moveIt } from '../mover.ts';
import { describeOnce, type TwoHosts } from '../two-hosts.ts';

/** `npm test` interrupts each way that undoing differs by once; TRANSSHIP_FAULTS=all every step of every strategy. */
const isWhole = process.env.TRANSSHIP_FAULTS === 'all';
const some: Readonly<Record<string, readonly string[]>> = {
  cold: ['hand-over', 'remove-source'],
  diskless: ['page-server', 'dump'],
  'post-copy': ['restore', 'residual'],
};

describeOnce('a move past the content store that is disturbed', 'direct-faults', (hosts) => {
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

    const chosen = (names: readonly string[]) => names.filter((name) => isWhole || some[strategy]?.includes(name));

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

  describe('a firewall between the hosts that lets ssh through, and drops the rest', () => {
    afterEach(async () => {
      for (const host of [hosts().a, hosts().b]) await letIn(host);
    });

    test.each([
      ['diskless', 'a', 'b'],
      ['post-copy', 'b', 'a'],
    ] as const)(
      '%s is refused before anything is copied, with the rule that is missing: %s to %s',
      async (strategy, from, to) => {
        await dropPageChannel(hosts()[to]);
        const steps: string[] = [];
        const moving = moveIt(hosts(), { container: counterName, options: { strategy }, onStep: ({ step }) => steps.push(step) });
        const address = hosts()[to].address?.replaceAll('.', '\\.');
        const words = `^${from} does not get through to ${to} by tcp at ${address} port \\d+, by .*: no answer$`;
        await expect(moving).rejects.toMatchObject({
          code: 'not-ready',
          message: expect.stringMatching(words),
          hint: expect.stringContaining('ports 20000-31999'),
        });
        expect(steps).toEqual([]);
        await expectOnSourceAlone(hosts(), before);
      },
    );

    test('and a port that it lets through: moved', async () => {
      await dropPageChannel(hosts().b);
      const { manifest } = await moveIt(hosts(), { container: counterName, options: { strategy: 'diskless', pagePort: 15_000 } });
      expect(manifest).toMatchObject({ outcome: 'migrated', error: null });
      expect(await counts(hosts().b)).toBe(true);
    });
  });
});

/** It counts on a, its policy and all as before; b has nothing of it. */
async function expectOnSourceAlone({ a, b }: TwoHosts, before: { readonly a: string; readonly b: string }): Promise<void> {
  expect(await counts(a)).toBe(true);
  expect(await remains(a)).toBe(before.a);
  expect(await remains(b)).toBe(before.b);
  expect(await onHost(a, `docker inspect -f '{{.HostConfig.RestartPolicy.Name}} {{.State.Status}}' ${counterName}`)).toBe(
    'unless-stopped running',
  );
}
