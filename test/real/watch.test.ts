import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import { loadTrace } from '../../src/cli/load-trace.ts';
import { readRecords } from '../../src/evidence/json-lines.ts';
import { callRecord } from '../../src/evidence/record-schemas.ts';
import { hostEvidence } from '../../src/evidence/run-folder.ts';
import type { Host } from '../../src/hosts/host.ts';
import { openWatch, watchKinds } from '../../src/migrate/watch.ts';
import { rootSpanId } from '../../src/trace/aligned-span.ts';
import type { Trace } from '../../src/trace/span.ts';
import { onHost } from '../destination-state.ts';
import { counterName, startCounter } from '../host-faults.ts';
import { moveIt } from '../mover.ts';
import { describeOnHosts } from '../two-hosts.ts';

/** What a watch leaves behind while it runs: its folder, and the kernel's instance of this host, by its pid namespace. */
function remains(host: Host): Promise<string> {
  const instances =
    'mkdir -p /tmp/tracefs && mount -t tracefs tracefs /tmp/tracefs && ls /tmp/tracefs/instances; umount /tmp/tracefs';
  return onHost(
    host,
    `ls -d /run/transship/watch 2>/dev/null; { ${instances}; } | grep "$(readlink /proc/self/ns/pid | tr -dc 0-9)"; true`,
  );
}

function parentNames(trace: Trace, name: string, role: string): readonly string[] {
  const byId = new Map(trace.spans.map((span) => [span.spanId, span]));
  const names: string[] = [];
  for (
    let at = trace.spans.find((span) => span.name === name && span.attributes['migration.role'] === role);
    at !== undefined;
    at = byId.get(at.parentSpanId ?? '')
  )
    names.push(at.name);
  return names.reverse();
}

describeOnHosts('who calls whom in a move', 'watch', (hosts) => {
  beforeEach(async () => {
    await onHost(hosts().b, `docker rm -f ${counterName} 2>/dev/null; true`);
    await startCounter(hosts().a);
  });

  test('Docker’s own path: runc stands between dockerd and CRIU, and what they start is named; nothing is left on the hosts', async () => {
    const { folder, manifest } = await moveIt(hosts(), { container: counterName });
    expect(manifest.outcome).toBe('migrated');
    const trace = loadTrace(folder);
    expect(parentNames(trace, 'criu.dump', 'source').slice(-3)).toEqual(['runc.checkpoint', 'runc.criu.dump', 'criu.dump']);
    expect(parentNames(trace, 'criu.restore', 'destination').slice(-3)).toEqual([
      'runc.restore',
      'runc.criu.restore',
      'criu.restore',
    ]);
    // below the request, or what the daemons themselves say of it
    const above = trace.spans.find(
      ({ spanId }) => spanId === trace.spans.find(({ name }) => name === 'runc.checkpoint')?.parentSpanId,
    );
    expect(['dockerd', 'containerd']).toContain(above?.service);
    const named = (name: string) => trace.spans.filter((span) => span.name === name && span.evidence === 'bounded');
    for (const name of ['runc.criu.version', 'shim.start', 'program libnetwork-setkey', 'program tar'])
      expect(named(name), name).not.toEqual([]);
    expect(parentNames(trace, 'program libnetwork-setkey', 'destination').at(-2)).toBe('runc.notify.setup-namespaces');

    const traceparent = `00-${manifest.traceId}-${rootSpanId(manifest.traceId)}-01`;
    expect(trace.spans.find(({ name }) => name === 'migration')?.spanId).toBe(rootSpanId(manifest.traceId));
    for (const host of ['a', 'b']) {
      const calls = readRecords(join(hostEvidence(folder, host), 'wrap.jsonl'), callRecord);
      expect(new Set(calls.map((call) => call.traceparent))).toEqual(new Set([traceparent]));
      expect(new Set(calls.map(({ program }) => program))).toContain('criu');
    }
    for (const host of [hosts().a, hosts().b]) expect(await remains(host)).toBe('');
  });

  test('switched off: less detail, and the move is the same', async () => {
    const { folder, manifest } = await moveIt(hosts(), { container: counterName, watched: [] });
    expect(manifest).toMatchObject({ outcome: 'migrated' });
    for (const file of ['wrap.jsonl', 'kernel.trace']) expect(existsSync(join(hostEvidence(folder, 'a'), file))).toBe(false);
    const trace = loadTrace(folder);
    expect(trace.spans.some(({ name }) => name === 'runc.checkpoint' || name === 'shim.start')).toBe(false);
    expect(parentNames(trace, 'criu.dump', 'source')).toContain('migration.checkpoint.checkpoint');
  });

  test('a watch that is killed takes everything away all the same; a second one at a time is told so', async () => {
    const { a } = hosts();
    const request = { traceparent: `00-${'1'.repeat(32)}-${'2'.repeat(16)}-01`, containerId: 'none', kinds: watchKinds };
    {
      await using first = await openWatch(a, request);
      expect(first.missing).toEqual([]);
      expect((await remains(a)).split('\n')).toHaveLength(2);
      await using second = await openWatch(a, request);
      expect(second.missing.join()).toContain('another move is watched here');
      await onHost(
        a,
        'kill -KILL $(cat /run/transship/watch/owner); for i in $(seq 50); do [ -e /run/transship/watch ] || break; sleep 0.1; done',
      );
      expect(await remains(a)).toBe('');
    }
    await using again = await openWatch(a, request);
    expect(again.missing).toEqual([]);
  });
});
