import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { whereabouts } from '../../src/cli/whereabouts.ts';
import type { Host } from '../../src/hosts/host.ts';
import { createEqual, undoUnanswered } from '../../src/migrate/equal/create.ts';
import type { CreatePlan } from '../../src/migrate/equal/create-options.ts';
import { onHost } from '../destination-state.ts';
import { counterName, counts, doAtOnce, killDockerd, reviveDockerd, startCounter } from '../host-faults.ts';
import { moveIt } from '../mover.ts';
import { describeOnce } from '../two-hosts.ts';

const standStill = 'kill -STOP $(pidof dockerd)';
const goOn = 'kill -CONT $(pidof dockerd)';

describeOnce('a dockerd that fails, and what is left then', 'dockerd', (hosts) => {
  beforeEach(async () => {
    await startCounter(hosts().a, '--restart unless-stopped');
  });

  afterEach(async () => {
    for (const host of [hosts().a, hosts().b]) {
      await host.shell.run(goOn);
      await reviveDockerd(host);
      await host.shell.run(`docker rm -f ${counterName}`);
    }
  });

  describe('a dockerd that stands still', () => {
    // a minute and a half
    const testLimit = process.env.TRANSSHIP_FAULTS === 'all' ? test : () => {};
    testLimit('in restart-policy-off: the step ends at its limit, the container runs, and what to type is said', async () => {
      const { a, b } = hosts();
      const { manifest, ms } = await moveWith(hosts(), 'restart-policy-off', () => doAtOnce(a, standStill));
      expect(ms).toBeLessThan(180_000);
      expect(manifest).toMatchObject({ outcome: 'rolled-back', error: { step: 'restart-policy-off' } });
      expect(manifest.error?.message).toMatch(
        /^a: Docker does not answer \(POST \/containers\/\w+\/update: no answer within 60 s\)$/,
      );
      expect(manifest.warnings.join('\n')).toContain('on a: docker update --restart=unless-stopped counter');
      expect(await counts(a)).toBe(true);
      expect(await onHost(b, 'docker ps -aq')).toBe('');
    });

    test('Ctrl-C in it gets through', async () => {
      const { a } = hosts();
      const abort = new AbortController();
      const { manifest, ms } = await moveWith(
        hosts(),
        'restart-policy-off',
        () => {
          doAtOnce(a, standStill);
          setTimeout(() => abort.abort(), 500);
        },
        abort.signal,
      );
      expect(manifest).toMatchObject({ outcome: 'rolled-back', error: { code: 'interrupted' } });
      expect(ms).toBeLessThan(110_000);
      expect(await counts(a)).toBe(true);
    });
  });

  test('dockerd is dead when the restart policy is to be put back: what to type is said', async () => {
    const { a } = hosts();
    const { manifest } = await moveWith(hosts(), 'pause', () => doAtOnce(a, killDockerd));
    expect(manifest.outcome).toBe('rolled-back');
    expect(manifest.warnings.join('\n')).toContain('on a: docker update --restart=unless-stopped counter');
    expect(await counts(a)).toBe(true);
  });

  describe('a container that runs with --rm', () => {
    beforeEach(async () => {
      await onHost(hosts().a, `docker rm -f ${counterName}`);
      await startCounter(hosts().a, '--rm');
    });

    test('moves', async () => {
      const { manifest } = await moveIt(hosts(), { container: counterName });
      expect(manifest).toMatchObject({ outcome: 'migrated', warnings: [] });
      expect(await counts(hosts().b)).toBe(true);
    });

    test('and no restore succeeds, so that Docker removes it there: rolled back, and the reason is not its absence', async () => {
      const { a, b } = hosts();
      const spoil = () => doAtOnce(b, 'rm /var/lib/docker/containers/*/checkpoints/*/pages-1.img');
      const { manifest } = await moveWith(hosts(), 'start', spoil);
      expect(manifest).toMatchObject({ outcome: 'rolled-back', error: { step: 'start' }, remains: [] });
      expect(manifest.error?.message).not.toMatch(/no such container/i);
      expect(await counts(a)).toBe(true);
      expect(await onHost(b, 'docker ps -aq')).toBe('');
    });

    test('is refused to --plain, whose dump would remove it with its memory', async () => {
      const moving = moveIt(hosts(), { container: counterName, options: { isPlain: true } });
      await expect(moving).rejects.toThrow('a: --rm: Docker removes it together with its checkpoint');
      expect(await counts(hosts().a)).toBe(true);
    });
  });

  describe('a container whose making is never answered', () => {
    const plan = { name: 'unanswered', options: { Image: 'counter', Cmd: ['/bin/sleep', '9'] }, moreNetworks: {} };
    const made = plan as unknown as CreatePlan;
    const list = (host: Host) => onHost(host, 'docker ps -a --format "{{.Names}} {{.State}}"');

    beforeEach(async () => {
      const { a, b } = hosts();
      const image = await onHost(a, 'docker save counter | base64 -w0');
      await b.shell.run('base64 -d | docker load -q', { stdin: image, timeoutMs: 60_000 });
    });

    afterEach(async () => {
      await hosts().b.shell.run('docker rm -f unanswered');
    });

    test('is removed, though it comes only afterwards', async () => {
      const { b } = hosts();
      const abort = new AbortController();
      let since = '';
      const onAsk = (at: string | null) => {
        since = at ?? '';
        doAtOnce(b, standStill);
        setTimeout(() => abort.abort(), 300);
      };
      await expect(createEqual(b, made, { signal: abort.signal, onAsk })).rejects.toThrow('interrupted');
      doAtOnce(b, goOn);
      await undoUnanswered(b, made, since);
      expect(await list(b)).toBe('');
      const events = `docker events --since ${since} --until $(date +%s.%N) --filter event=create --format {{.Actor.Attributes.name}}`;
      expect(await onHost(b, events)).toBe('unanswered');
    });

    test('is not taken for an older one of its name', async () => {
      const { b } = hosts();
      await onHost(b, 'docker create --name unanswered counter /bin/sleep 9');
      await undoUnanswered(b, made, new Date(Date.now() + 1_000).toISOString());
      expect(await list(b)).toBe('unanswered created');
    });
  });

  test('--plain, and no restore succeeds on either host: the memory is kept, and what is said brings it back', async () => {
    const { a, b } = hosts();
    const pages = '/var/lib/docker/containers/*/checkpoints/*/pages-1.img';
    const hide = `for f in ${pages}; do mv $f $f.away; done`;
    const { manifest } = await moveWith(hosts(), 'start', () => [a, b].map((host) => doAtOnce(host, hide)), undefined, true);
    expect(manifest.outcome).toBe('lost');
    const line = whereabouts(manifest);
    expect(line).toMatch(
      /^counter runs nowhere: it is exited on a, and its memory is checkpoint transship-\w+ on a \(\/var\/lib\/docker\//,
    );
    expect(await onHost(b, 'docker ps -aq')).not.toBe('');
    await onHost(a, `for f in ${pages}.away; do mv $f \${f%.away}; done`);
    const typed = /On a: (docker start --checkpoint .*)$/.exec(line)?.[1] ?? 'false';
    // containerd's collector may still hold the content (moby#42900)
    await onHost(a, `for i in $(seq 20); do ${typed} && exit 0; sleep 0.5; done; exit 1`);
    expect(await counts(a, 1)).toBe(true);
  });
});

async function moveWith(
  hosts: { readonly a: Host; readonly b: Host },
  at: string,
  act: () => void,
  signal: AbortSignal = new AbortController().signal,
  isPlain = false,
) {
  const began = performance.now();
  const onStep = ({ step, state }: { step: string; state: string }) => {
    if (step === at && state === 'begin') act();
  };
  const moved = await moveIt(hosts, { container: counterName, onStep, signal, options: { isPlain } });
  return { ...moved, ms: performance.now() - began };
}
