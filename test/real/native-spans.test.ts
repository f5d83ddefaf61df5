import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import { loadTrace } from '../../src/cli/load-trace.ts';
import { hostEvidence } from '../../src/evidence/run-folder.ts';
import { daemonTelemetry, telemetryCheck } from '../../src/hosts/daemon-telemetry.ts';
import type { Host } from '../../src/hosts/host.ts';
import type { Move } from '../../src/migrate/step.ts';
import { dockerSteps } from '../../src/migrate/strategies/docker.ts';
import type { Span, Trace } from '../../src/trace/span.ts';
import { onHost } from '../destination-state.ts';
import { doAtOnce, killDockerd, reviveDockerd } from '../host-faults.ts';
import { moveIt } from '../mover.ts';
import { bringWorkload } from '../running-workload.ts';
import { describeOnHosts, type TwoHosts } from '../two-hosts.ts';

/** Calls of containerd that every move by Docker's own path makes, on either version. */
const everywhere = [
  ...['leases.v1.Leases/Create', 'containers.v1.Containers/Get', 'tasks.v1.Tasks/Pause', 'tasks.v1.Tasks/Checkpoint'],
  ...['images.v1.Images/Create', 'images.v1.Images/Delete', 'content.v1.Content/Info', 'containers.v1.Containers/Create'],
  ...['tasks.v1.Tasks/Create', 'content.v1.Content/Delete', 'tasks.v1.Tasks/Start'],
].map((rpc) => `containerd.services.${rpc}`);

function ancestorsOf(trace: Trace, span: Span | undefined): readonly string[] {
  const parent = trace.spans.find(({ spanId }) => spanId === span?.parentSpanId);
  return parent === undefined ? [] : [parent.name, ...ancestorsOf(trace, parent)];
}

/** What holds on both sets of hosts. */
function nativeTests(hosts: () => TwoHosts, image: () => string): void {
  const runWeb = (host: Host) =>
    onHost(
      host,
      `docker run -d --name web --network host --entrypoint perl ${image()} -e 'while (1) { select undef, undef, undef, 0.2 }'`,
    );
  const move = async () => {
    const { manifest, folder } = await moveIt(hosts(), { container: 'web' });
    expect(manifest).toMatchObject({ outcome: 'migrated' });
    return { manifest, folder, trace: loadTrace(folder) };
  };

  test('dockerd’s own spans are children of our calls, down to CRIU; nothing of them is inferred', async () => {
    await runWeb(hosts().a);
    const { manifest, trace } = await move();
    expect(manifest.warnings.filter((line) => line.includes('own spans'))).toEqual([]);
    expect([trace.inconsistencies, trace.warnings]).toEqual([[], []]);
    for (const request of ['pause', 'checkpoints', 'start']) {
      const span = trace.spans.find(
        ({ name, service }) => service === 'dockerd' && name === `POST /containers/{name:.*}/${request}`,
      );
      expect(ancestorsOf(trace, span)[0]).toBe(`docker.api POST /containers/{id}/${request}`);
      expect(span?.attributes['migration.native.joined_by']).toBe('traceparent');
    }
    for (const name of everywhere)
      expect([name, trace.spans.find((span) => span.name === name)?.evidence]).toEqual([name, 'bounded']);
    const dump = trace.spans.find(({ name }) => name === 'criu.dump');
    expect(ancestorsOf(trace, dump)).toEqual(
      expect.arrayContaining(['containerd.services.tasks.v1.Tasks/Checkpoint', 'POST /containers/{name:.*}/checkpoints']),
    );
    const restore = trace.spans.find(({ name }) => name === 'criu.restore');
    expect(ancestorsOf(trace, restore)).toContain('containerd.services.tasks.v1.Tasks/Start');
    expect(trace.spans.find(({ name }) => name === 'dockerd.checkpoint.unpack')?.evidence).toBe('until-next');
    expect(trace.spans.length).toBeLessThanOrEqual(1_500);
  });

  test('another client’s checkpoint at the same time: what could be of either is taken for neither, and said', async () => {
    const { a } = hosts();
    await runWeb(a);
    const large = `--entrypoint perl ${image()} -e '$m = "x" x 8e7; sleep 600'`;
    await onHost(a, `docker run -d --name other --network none ${large}; sleep 2`);
    // a request has its span when it has ended: waited for, and not by standing still, as the daemons send all the while
    const steps = dockerSteps(false).map((step) => {
      if (step.name !== 'verify') return step;
      const verifyLater = async (move: Move) => {
        await onHost(a, 'for i in $(seq 250); do [ -e /run/other ] && exit 0; sleep 0.1; done; exit 1');
        return step.do(move);
      };
      return { ...step, do: verifyLater };
    });
    const { folder } = await moveIt(hosts(), {
      container: 'web',
      steps,
      onStep: ({ step, state }) => {
        // its CRIU is done when ours begins; what dockerd does with its images is not
        if (step === 'pause' && state === 'begin')
          doAtOnce(
            a,
            'rm -f /run/other; (docker checkpoint create --leave-running other c1; touch /run/other) </dev/null >/dev/null 2>&1 & sleep 1',
          );
      },
    });
    const trace = loadTrace(folder);
    const checkpoint = trace.spans.find(({ name, service }) => service === 'dockerd' && name.endsWith('/checkpoints'));
    expect(ancestorsOf(trace, checkpoint)[0]).toBe('docker.api POST /containers/{id}/checkpoints');
    expect(trace.warnings.join('\n')).toMatch(/dockerd on a: \d+ of its own spans could belong to more than one request/);
  });
}

describeOnHosts('native spans of Docker 26', 'native-26', (hosts) => {
  let image = '';
  beforeAll(async () => {
    image = await bringWorkload([hosts().a, hosts().b]);
  }, 600_000);
  afterEach(async () => {
    for (const host of [hosts().a, hosts().b]) await host.shell.run('docker rm -f web other', { timeoutMs: 60_000 });
  });
  nativeTests(hosts, () => image);

  describe('where they cannot be had', () => {
    const runWeb = () => onHost(hosts().a, `docker run -d --name web --network none --entrypoint sleep ${image} 600`);
    const serviceNames = (trace: Trace) => [...new Set(trace.spans.map(({ service }) => service))];

    test('somebody else listens at the port: a warning, and the rest of the trace', async () => {
      const { a } = hosts();
      const listener = a.spawn(
        "perl -MIO::Socket::INET -e '$s = IO::Socket::INET->new(LocalAddr => q(127.0.0.1:4318), Listen => 5, ReuseAddr => 1) or die; while (1) { $s->accept }'",
      );
      await sleep(500);
      await runWeb();
      const { manifest, folder } = await moveIt(hosts(), { container: 'web' });
      listener.kill();
      expect(manifest.outcome).toBe('migrated');
      expect(manifest.warnings.join('\n')).toMatch(
        /dockerd's own spans of a are not taken in: a: port 4318 of its loopback address cannot be had/,
      );
      expect(existsSync(join(hostEvidence(folder, 'a'), 'otlp.jsonl'))).toBe(false);
      expect(existsSync(join(hostEvidence(folder, 'b'), 'otlp.jsonl'))).toBe(true);
      const trace = loadTrace(folder);
      expect(serviceNames(trace)).toEqual(expect.arrayContaining(['transship', 'dockerd', 'containerd', 'criu']));
      // by the log, and the times of the files
      expect(trace.spans.find(({ name }) => name === 'dockerd.checkpoint.unpack')).toMatchObject({ evidence: 'bounded' });
    });

    test('dockerd was started without OTEL_*: nothing is missed, doctor says what a restart would give', async () => {
      const { a, b } = hosts();
      for (const host of [a, b]) {
        await onHost(host, killDockerd);
        await onHost(host, "sed -i.own '/^export OTEL/d' /usr/local/sbin/start-dockerd");
        await reviveDockerd(host);
      }
      expect(await daemonTelemetry(a)).toMatchObject({ endpoint: null, loopbackPort: null });
      const finding = await telemetryCheck.probe({ host: a, facts: await a.facts(), info: {} as never, need: null, allowed: {} });
      expect(finding).toMatchObject({
        status: 'ok',
        found: expect.stringMatching(/off: .* a restart of dockerd with OTEL_EXPORTER_OTLP_ENDPOINT=/),
      });
      await runWeb();
      const { manifest, folder } = await moveIt(hosts(), { container: 'web' });
      expect(manifest.outcome).toBe('migrated');
      expect(manifest.warnings.filter((line) => line.includes('own spans'))).toEqual([]);
      expect(serviceNames(loadTrace(folder))).toEqual(expect.arrayContaining(['transship', 'dockerd', 'containerd', 'criu']));
      for (const host of [a, b]) {
        await onHost(host, killDockerd);
        await onHost(host, 'mv /usr/local/sbin/start-dockerd.own /usr/local/sbin/start-dockerd');
        await reviveDockerd(host);
      }
      expect(await daemonTelemetry(a)).toMatchObject({ loopbackPort: 4318, delayMs: 200 });
    });
  });

  test('nothing listens beyond loopback while a move lasts, nor at all afterwards', async () => {
    const { a } = hosts();
    await onHost(a, `docker run -d --name web --network none --entrypoint sleep ${image} 600`);
    const listening = "ss -Hltn 'sport = :4318'";
    const during: string[] = [];
    await moveIt(hosts(), {
      container: 'web',
      onStep: ({ step, state }) => {
        if (step === 'copy-layer' && state === 'begin') during.push(...doAtOnce(a, listening).trim().split('\n'));
      },
    });
    expect(during.map((line) => line.split(/\s+/)[3])).toEqual(['127.0.0.1:4318']);
    expect(await onHost(a, listening)).toBe('');
  });
});

describeOnHosts(
  'native spans of Docker 28',
  'native-28',
  (hosts) => {
    let image = '';
    beforeAll(async () => {
      image = await bringWorkload([hosts().a, hosts().b]);
    }, 600_000);
    afterEach(async () => {
      for (const host of [hosts().a, hosts().b]) await host.shell.run('docker rm -f web other', { timeoutMs: 60_000 });
    });
    nativeTests(hosts, () => image);

    test('containerd’s own spans come too: the tar, and hundreds of reads as one', async () => {
      const { a } = hosts();
      await onHost(a, `docker run -d --name web --network host --entrypoint sleep ${image} 600`);
      const { folder } = await moveIt(hosts(), { container: 'web' });
      const { spans, downtime } = loadTrace(folder);
      const reads = spans.filter(({ name }) => name === 'containerd.services.content.v1.Content/Read');
      expect(reads.length).toBeLessThanOrEqual(2);
      expect(Math.max(...reads.map(({ attributes }) => Number(attributes['migration.native.calls'] ?? 1)))).toBeGreaterThan(10);
      expect(spans.find(({ name }) => name === 'containerd.checkpoint.pack')).toMatchObject({
        service: 'containerd',
        evidence: 'until-next',
      });
      const inDowntime = spans.filter(({ startNs }) => downtime && startNs >= downtime.startNs && startNs <= downtime.endNs);
      const inferred = inDowntime.filter(
        ({ evidence, service }) => evidence === 'inferred' && /^(dockerd|containerd)$/.test(service),
      );
      // but for the moments between two calls that the daemons tell of
      expect(
        new Set(inferred.map(({ name }) => name).filter((name) => !/^(dockerd\.request|containerd\.task)$/.test(name))),
      ).toEqual(new Set());
      expect(readFileSync(join(hostEvidence(folder, 'a'), 'otlp.jsonl'), 'utf8')).toContain(
        '"containerd.task.v3.Task/Checkpoint"',
      );
    });
  },
  { packages: 'testing' },
);
