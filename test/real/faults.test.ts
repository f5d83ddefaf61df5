import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { loadTrace } from '../../src/cli/load-trace.ts';
import { whereabouts } from '../../src/cli/whereabouts.ts';
import { dockerSteps } from '../../src/migrate/strategies/docker.ts';
import { onHost } from '../destination-state.ts';
import { counterName, counts, doAtOnce, killDockerd, remains, reviveDockerd, startCounter } from '../host-faults.ts';
import { moveIt } from '../mover.ts';
import { describeOnHosts, type TwoHosts } from '../two-hosts.ts';

const names = dockerSteps(false).map((step) => step.name);
const commit = names.indexOf('verify');

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
    test.each(names.slice(0, commit))('in step %s: rolled back', async (name) => {
      const abort = new AbortController();
      const onStep = ({ step, state }: { step: string; state: string }) => {
        if (step === name && state === 'begin') abort.abort();
      };
      const { manifest } = await moveIt(hosts(), { container: counterName, onStep, signal: abort.signal });
      expect(manifest).toMatchObject({ outcome: 'rolled-back', error: { code: 'interrupted' } });
      await expectOnSourceAlone(hosts(), before);
    });

    test.each(names.slice(commit))('in step %s, at the commit or after it: changes nothing', async (name) => {
      const abort = new AbortController();
      const onStep = ({ step, state }: { step: string; state: string }) => {
        if (step === name && state === 'begin') abort.abort();
      };
      const { manifest } = await moveIt(hosts(), { container: counterName, onStep, signal: abort.signal });
      expect(manifest).toMatchObject({ outcome: 'migrated', error: null });
      expect(await counts(hosts().b)).toBe(true);
      expect(await onHost(hosts().a, `docker ps -aq --filter name=${counterName}`)).toBe('');
      expect(await onHost(hosts().b, 'ls /tmp')).not.toContain('ctrd-checkpoint');
    });
  });

  test('a full disk under the destination’s checkpoint: rolled back, and the disk is named', async () => {
    const { b } = hosts();
    const { manifest } = await moveIt(hosts(), {
      container: counterName,
      onStep: ({ step, state }) => {
        if (step !== 'copy-images' || state !== 'begin') return;
        const folder = '$(ls -dt /var/lib/docker/containers/* | head -n 1)/checkpoints';
        doAtOnce(b, `mkdir -p ${folder} && mount -t tmpfs -o size=1m none ${folder}`);
      },
    });
    await onHost(
      b,
      "for m in $(awk '$5 ~ /checkpoints$/ {print $5}' /proc/self/mountinfo); do umount $m; done; rm -rf /var/lib/docker/containers/*/checkpoints",
    );
    expect(manifest.outcome).toBe('rolled-back');
    expect(manifest.error?.message).toMatch(/checkpoint.*No space left on device/s);
    expect(whereabouts(manifest)).toBe('counter runs on a (rolled back); b holds nothing of it');
    expect(await counts(hosts().a)).toBe(true);
    expect(await onHost(b, `docker ps -aq --filter name=${counterName}`)).toBe('');
  });

  test('dockerd killed on the source in mid-checkpoint: the container is thawed without it, and goes on', async () => {
    const { a, b } = hosts();
    const pending: Promise<unknown>[] = [];
    const { manifest, folder } = await moveIt(hosts(), {
      container: counterName,
      onStep: ({ step, state }) => {
        if (step === 'checkpoint' && state === 'begin') pending.push(sleep(60).then(() => doAtOnce(a, killDockerd)));
      },
    });
    await Promise.all(pending);
    expect(manifest).toMatchObject({ outcome: 'rolled-back', error: { step: 'checkpoint', code: 'failed' } });
    expect(manifest.error?.message).toMatch(/^checkpoint on a: /);
    expect(await counts(a)).toBe(true);
    expect(await remains(b)).toBe(before.b);
    expect(readFileSync(join(folder.path, 'evidence/a/dockerd.log'), 'utf8')).toContain('/checkpoints');
  });

  test('dockerd killed on the destination in mid-start: never two live copies', async () => {
    const { a, b } = hosts();
    const pending: Promise<unknown>[] = [];
    const { manifest } = await moveIt(hosts(), {
      container: counterName,
      onStep: ({ step, state }) => {
        if (step === 'start' && state === 'begin') pending.push(sleep(60).then(() => doAtOnce(b, killDockerd)));
      },
    });
    await Promise.all(pending);
    expect(manifest).toMatchObject({ outcome: 'rolled-back', error: { step: 'start' } });
    expect(await counts(a)).toBe(true);
    expect(await onHost(b, "grep -ls '^perl$' /proc/[0-9]*/comm | wc -l")).toBe('0');
  });

  test('a restore that fails: CRIU’s own first error with its cause, and its log is kept', async () => {
    const { b } = hosts();
    const { manifest, folder } = await moveIt(hosts(), {
      container: counterName,
      onStep: ({ step, state }) => {
        if (step === 'start' && state === 'begin') doAtOnce(b, 'rm /var/lib/docker/containers/*/checkpoints/*/pages-1.img');
      },
    });
    expect(manifest).toMatchObject({ outcome: 'rolled-back', error: { step: 'start' } });
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
