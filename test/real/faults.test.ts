import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { loadTrace } from '../../src/cli/load-trace.ts';
import { dockerSteps } from '../../src/migrate/strategies/docker.ts';
import { onHost } from '../destination-state.ts';
import { counterName, counts, doAtOnce, linksDown, remains, reviveDockerd, startCounter } from '../host-faults.ts';
import { moveIt } from '../mover.ts';
import { describeOnHosts, type TwoHosts } from '../two-hosts.ts';

const names = dockerSteps(false).map((step) => step.name);
const commit = names.indexOf('verify');
/** `npm test` interrupts where most is to be undone; TRANSSHIP_FAULTS=all in every step. */
const chosen = (list: readonly string[], some: readonly string[]) =>
  process.env.TRANSSHIP_FAULTS === 'all' ? list : list.filter((name) => some.includes(name));

describeOnHosts('a migration that is disturbed', 'faults', (hosts) => {
  let before: { readonly a: string; readonly b: string };

  beforeEach(async () => {
    const { a, b } = hosts();
    await startCounter(a, '--restart unless-stopped');
    before = { a: await remains(a), b: await remains(b) };
  });

  afterEach(async () => {
    for (const host of [hosts().a, hosts().b]) {
      await reviveDockerd(host);
      await host.shell.run(`docker rm -f ${counterName}; docker image rm -f counter`);
    }
  });

  describe('by Ctrl-C', () => {
    test.each(chosen(names.slice(0, commit), ['create-destination', 'checkpoint', 'start']))(
      'in step %s: rolled back',
      async (name) => {
        const abort = new AbortController();
        const onStep = ({ step, state }: { step: string; state: string }) => {
          if (step === name && state === 'begin') abort.abort();
        };
        const { manifest } = await moveIt(hosts(), { container: counterName, onStep, signal: abort.signal });
        expect(manifest).toMatchObject({ outcome: 'rolled-back', error: { code: 'interrupted' } });
        await expectOnSourceAlone(hosts(), before);
      },
    );

    test.each(chosen(names.slice(commit), ['verify', 'remove-source']))(
      'in step %s, at the commit or after it: changes nothing',
      async (name) => {
        const abort = new AbortController();
        const onStep = ({ step, state }: { step: string; state: string }) => {
          if (step === name && state === 'begin') abort.abort();
        };
        const { manifest } = await moveIt(hosts(), { container: counterName, onStep, signal: abort.signal });
        expect(manifest).toMatchObject({ outcome: 'migrated', error: null });
        expect(await counts(hosts().b)).toBe(true);
        expect(await onHost(hosts().a, `docker ps -aq --filter name=${counterName}`)).toBe('');
        expect(await onHost(hosts().b, 'ls /tmp')).not.toContain('ctrd-checkpoint');
      },
    );
  });

  test('a shim that says nothing for three seconds when the dump begins: containerd would pause what is paused; it is asked again', async () => {
    const { a, b } = hosts();
    const standStill = `for shim in $(pidof containerd-shim-runc-v2); do kill -STOP $shim; setsid sh -c "sleep 3; kill -CONT $shim" >/dev/null 2>&1 & done`;
    const onStep = ({ step, state }: { step: string; state: string }) => {
      if (step === 'checkpoint' && state === 'begin') doAtOnce(a, standStill);
    };
    const { manifest } = await moveIt(hosts(), { container: counterName, onStep });
    expect(manifest).toMatchObject({ outcome: 'migrated', error: null });
    expect(await counts(b)).toBe(true);
  });

  test('a restore that fails: CRIU’s own first error with its cause, and its log is kept; the source was out of reach until then', async () => {
    const { a, b } = hosts();
    const cut: string[] = [];
    const { manifest, folder } = await moveIt(hosts(), {
      container: counterName,
      onStep: ({ step, state }) => {
        if (['checkpoint', 'start'].includes(step) && state === 'begin') cut.push(doAtOnce(a, linksDown).trim());
        if (step === 'start' && state === 'begin') doAtOnce(b, 'rm /var/lib/docker/containers/*/checkpoints/*/pages-1.img');
      },
    });
    expect(manifest).toMatchObject({ outcome: 'rolled-back', error: { step: 'start' } });
    expect(cut).toEqual(['1', '1']);
    const failed = loadTrace(folder).spans.find((span) => span.name === 'criu.restore');
    expect(failed).toMatchObject({ status: 'error', attributes: { 'criu.failure.cause': 'a pages-N.img file is missing' } });
    expect(readFileSync(join(folder.path, 'evidence/b/criu/restore.log'), 'utf8')).toContain('Error');
    await expectOnSourceAlone(hosts(), before);
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
