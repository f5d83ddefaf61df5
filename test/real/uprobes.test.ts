import { join } from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import { loadTrace } from '../../src/cli/load-trace.ts';
import { readRecords } from '../../src/evidence/json-lines.ts';
import { uprobeRecord } from '../../src/evidence/record-schemas.ts';
import { hostEvidence } from '../../src/evidence/run-folder.ts';
import type { Host } from '../../src/hosts/host.ts';
import { pathRules } from '../../src/instrument/path-rules.ts';
import { openBothUprobes, openUprobes } from '../../src/migrate/uprobes.ts';
import { transship } from '../built-command.ts';
import { onHost } from '../destination-state.ts';
import { counterName, counts, startCounter } from '../host-faults.ts';
import { killAt } from '../killed-controller.ts';
import { moveIt } from '../mover.ts';
import { describeOnHosts } from '../two-hosts.ts';
import { uprobeRemains } from '../uprobe-remains.ts';

const request = () => ({ containerId: 'none', found: new Map() });

/** The instance is named by the script's process; the guard is a child of that one. */
async function kill(host: Host, who: 'script' | 'both'): Promise<void> {
  const script = (await uprobeRemains(host))
    .find((line) => /_probes_\d+_\d+$/.test(line))
    ?.split('_')
    .at(-1);
  await onHost(host, `kill -KILL ${who === 'both' ? `$(pgrep -P ${script}) ` : ''}${script}`);
}

describeOnHosts('probes in Docker’s own programs', 'uprobes', (hosts) => {
  beforeEach(async () => {
    await onHost(hosts().b, `docker rm -f ${counterName} 2>/dev/null; true`);
  });

  test('a move by Docker’s own path: spans from inside dockerd, containerd, the shim and runc; nothing is left, and the container lives', async () => {
    const { a, b } = hosts();
    await startCounter(a);
    const { manifest, folder } = await moveIt(hosts(), { container: counterName, isUprobed: true });
    expect(manifest).toMatchObject({ outcome: 'migrated', error: null });
    expect(await counts(b)).toBe(true);
    for (const host of [a, b]) expect(await uprobeRemains(host)).toEqual([]);

    const placed = readRecords(join(hostEvidence(folder, 'a'), 'uprobes.jsonl'), uprobeRecord);
    expect(placed.filter(({ why }) => why !== null)).toEqual([]);
    const { spans, inconsistencies, warnings } = loadTrace(folder);
    expect([inconsistencies, warnings.filter((warning) => warning.includes('uprobes'))]).toEqual([[], []]);
    const byId = new Map(spans.map((span) => [span.spanId, span]));
    const callers = (name: string): string[] => {
      const names: string[] = [];
      for (let at = spans.find((span) => span.name === name); at !== undefined; at = byId.get(at.parentSpanId ?? ''))
        names.push(at.name);
      return names;
    };
    const isIn = (chain: readonly string[]) => (name: string) => chain.includes(name);
    const above = ['go-runc.checkpoint', 'shim.init-do-checkpoint', 'shim.service-checkpoint', 'containerd.checkpoint'];
    const dump = [...above, 'migration.checkpoint.checkpoint', 'migration'];
    expect(callers('criu.dump').filter(isIn(dump))).toEqual(dump);
    const inRunc = ['runc.criu-notification', 'runc.criu-swrk', 'runc.container-checkpoint', ...dump];
    expect(callers('runc.lock-network').filter(isIn(inRunc))).toEqual(inRunc);
    const inDockerd = ['containerd-client.checkpoint', 'dockerd.create-checkpoint', 'dockerd.checkpoint-create'];
    const request = [...inDockerd, 'dockerd.post-container-checkpoint', 'migration.checkpoint.checkpoint'];
    expect(callers('containerd-client.checkpoint-task').filter(isIn(request))).toEqual(request);
    const start = [
      'go-runc.restore',
      'shim.start-checkpointed',
      'shim.service-start',
      'containerd.start',
      'migration.restore.start',
    ];
    expect(callers('criu.restore').filter(isIn(start))).toEqual(start);
    const restore = ['runc.container-restore', 'runc.run', 'runc.start-container', ...start];
    expect(callers('runc.prepare-mounts').filter(isIn(restore))).toEqual(restore);

    const own = spans.filter(
      ({ name, attributes }) => attributes['code.function.name'] && pathRules.some((rule) => rule.name === name),
    );
    expect(new Set(own.map(({ service }) => service))).toEqual(new Set(['dockerd', 'containerd', 'containerd-shim', 'runc']));
    expect(new Set(own.map(({ evidence }) => evidence))).toEqual(new Set(['bounded']));
    // both hosts run the same files on one kernel: each has noted its own alone (runc unlocks the network in a dump, too)
    const halves = (role: string) =>
      own
        .filter(({ attributes, service }) => attributes['migration.role'] === role && service !== 'runc')
        .map(({ name }) => pathRules.find((rule) => rule.name === name)?.half);
    expect([new Set(halves('source')), new Set(halves('destination'))]).toEqual([
      new Set(['checkpoint', 'both']),
      new Set(['restore', 'both']),
    ]);
    // pre-dumps alone ask for features; nothing is resumed; the others are in the program, and in their callers once more, by which nobody comes by there
    const unseen = ['containerd-client.resume', 'runc.check-criu-features', 'dockerd.mount', 'shim.create-checkpointed-state'];
    const expected = pathRules.filter(({ noSpan, isOptional }) => noSpan === undefined && isOptional !== true);
    const missed = expected.filter(({ name }) => !own.some((span) => span.name === name)).map(({ name }) => name);
    expect(missed.filter((name) => !unseen.includes(name))).toEqual([]);
  });

  test('killed: the guard takes its host’s places away and nobody else’s; what both left, the next one does', async () => {
    const { a, b } = hosts();
    const first = await openUprobes(a, request());
    const foreign = `p:foreign_$(readlink /proc/self/ns/pid | tr -dc 0-9)/mine /usr/sbin/runc:0x1000`;
    const tracefs = (command: string) => `mkdir -p /tmp/t && mount -t tracefs t /tmp/t; ${command}; umount /tmp/t`;
    await onHost(a, tracefs(`echo "${foreign}" >>/tmp/t/uprobe_events`));
    await using second = await openUprobes(b, request());
    const placed = await uprobeRemains(b);
    expect(placed.length).toBeGreaterThan(400);
    expect((await uprobeRemains(a)).length).toBe(placed.length);

    await kill(a, 'script');
    await expect.poll(() => uprobeRemains(a), { timeout: 20_000 }).toEqual([]);
    expect(await uprobeRemains(b)).toEqual(placed);
    await first[Symbol.asyncDispose]();

    const third = await openUprobes(a, request());
    await kill(a, 'both');
    await third[Symbol.asyncDispose]();
    expect((await uprobeRemains(a)).length).toBeGreaterThan(400);
    await using again = await openUprobes(a, request());
    const own = (await uprobeRemains(a)).filter((line) => line.includes('_probes_') && !line.includes(':')).length;
    expect(own).toBe(1);
    expect(await uprobeRemains(b)).toEqual(placed);
    expect([second, again].map(({ records }) => records.length)).toEqual([first.records.length, first.records.length]);
    const list = await onHost(a, tracefs('grep foreign_ /tmp/t/uprobe_events; true'));
    expect(list).toContain('/mine ');
    await onHost(a, tracefs('echo "-:foreign_$(readlink /proc/self/ns/pid | tr -dc 0-9)/mine" >>/tmp/t/uprobe_events'));
  });

  test('the controller is killed with -9 in the midst: both hosts clean up by themselves', async () => {
    const { a, b } = hosts();
    await onHost(a, `docker rm -f ${counterName} 2>/dev/null; true`);
    await startCounter(a);
    const words = ['migrate', counterName, 'test:b', '--from', 'test:a', '--no-probe', '--probes', 'uprobe', '--name', 'killed'];
    const command = transship(words);
    await expect.poll(async () => (await uprobeRemains(b)).length, { timeout: 90_000 }).toBeGreaterThan(400);
    await killAt(command, 'killed', /"step":"checkpoint".*"event":"begin"/);
    for (const host of [a, b]) await expect.poll(() => uprobeRemains(host), { timeout: 30_000 }).toEqual([]);
    const { exitCode, stderr } = await transship(['recover', 'killed']);
    expect([0, 1], stderr).toContain(exitCode); // there, or back
    expect((await counts(a)) || (await counts(b))).toBe(true);
    await onHost(a, `docker rm -f ${counterName} 2>/dev/null; true`);
  });

  test('a host whose tracefs cannot be had, or whose programs are instrumented, is refused with the reason, and nothing is placed', async () => {
    const { a, b } = hosts();
    const denied = `printf '#!/bin/sh\\necho "mount: tracefs: permission denied" >&2\\nexit 32\\n' >/tmp/denied && chmod +x /tmp/denied`;
    await onHost(b, `${denied} && mount --bind /tmp/denied /usr/bin/mount`);
    try {
      await expect(openBothUprobes(a, b, request())).rejects.toMatchObject({
        code: 'not-ready',
        message: 'b: no uprobes: mount: tracefs: permission denied',
      });
    } finally {
      await onHost(b, 'umount /usr/bin/mount');
    }
    for (const host of [a, b]) expect(await uprobeRemains(host)).toEqual([]);
    await onHost(b, 'mkdir -p /run/transship && : >/run/transship/source.jsonl');
    await expect(openUprobes(b, request())).rejects.toMatchObject({ message: expect.stringContaining('instrumented') });
    await onHost(b, 'rm /run/transship/source.jsonl; rmdir /run/transship');
  });
});

test.each(['ssh://root@nowhere.invalid', 'local', 'default'])(
  '%s is no test host: refused before it is looked at',
  async (host) => {
    const refused = await transship(['migrate', 'web', 'test:b', '--from', host, '--probes', 'uprobe']);
    expect([refused.exitCode, refused.stderr]).toEqual([3, expect.stringContaining('is for test hosts alone')]);
  },
);
