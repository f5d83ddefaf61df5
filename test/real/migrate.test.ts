import { join } from 'node:path';
import { execa } from 'execa';
import { beforeAll, expect, test } from 'vitest';
import { loadTrace } from '../../src/cli/load-trace.ts';
import { migrationDocument } from '../../src/cli/migrate-document.ts';
import { packageRoot } from '../../src/evidence/run-folder.ts';
import type { Host } from '../../src/hosts/host.ts';
import type { Span } from '../../src/trace/span.ts';
import { nsToUs } from '../../src/trace/time.ts';
import { explainedOf } from '../../src/trace/trace-leaves.ts';
import { transship } from '../built-command.ts';
import { onHost } from '../destination-state.ts';
import { moveIt } from '../mover.ts';
import { bringWorkload } from '../running-workload.ts';
import { describeOnHosts } from '../two-hosts.ts';

describeOnHosts('a Redis that moves', 'migrate', (hosts) => {
  let image = '';

  beforeAll(async () => {
    image = await bringWorkload([hosts().a]);
  }, 600_000);

  const redis = (host: Host, command: string, name = 'web') => onHost(host, `docker exec ${name} redis-cli ${command}`);

  async function startRedis(flags: string, name = 'web'): Promise<void> {
    const run = `docker run -d --name ${name} ${flags} ${image} --enable-debug-command yes`;
    await onHost(
      hosts().a,
      `${run} && for i in $(seq 100); do docker exec ${name} redis-cli ping 2>/dev/null && exit 0; sleep 0.1; done; exit 1`,
    );
  }

  /** Of every key and value of database 0, in whatever order. */
  const checksum = (host: Host) =>
    redis(
      host,
      `EVAL "local sum = 0 for _, key in ipairs(redis.call('KEYS', '*')) do local hash = redis.sha1hex(key .. '=' .. redis.call('GET', key)) sum = (sum + tonumber(string.sub(hash, 1, 12), 16)) % 4503599627370496 end return tostring(sum)" 0`,
    );

  test('1,000,000 keys with a client at work: nothing is lost, and the trace says where the time went', async () => {
    const { a, b } = hosts();
    await startRedis('-p 6379:6379 -e TICKER=1 -v web-data:/data --restart always --label app=web');
    await redis(a, 'DEBUG POPULATE 1000000 key 96');
    await onHost(a, "docker exec web sh -c 'echo kept >/data/file; echo layer >/etc/made'");
    const before = { size: await redis(a, 'DBSIZE'), sum: await checksum(a) };
    const client = execa(
      'nsenter',
      [
        ...a.networkPrefix.slice(1),
        'node',
        join(packageRoot(), 'test/fixtures/counting-client.mjs'),
        `${a.address}:6379`,
        `${b.address}:6379`,
      ],
      { stdin: 'pipe', reject: false },
    );
    const { manifest, folder } = await moveIt(hosts(), { container: 'web', isProbed: true });
    const wasWorking = Number(await redis(b, '-n 1 GET work'));
    client.stdin.end();
    const worked = JSON.parse((await client).stdout);

    expect(manifest).toMatchObject({ outcome: 'migrated', error: null });
    expect({ size: await redis(b, 'DBSIZE'), sum: await checksum(b) }).toEqual(before);
    expect(wasWorking).toBeGreaterThan(0);
    expect(worked).toMatchObject({ wrong: 0 });
    expect(Number(await redis(b, '-n 1 GET work'))).toBeGreaterThanOrEqual(worked.acknowledged);
    expect(await redis(b, 'SET after yes')).toBe('OK');
    expect(await redis(b, 'GET after')).toBe('yes');
    expect(await onHost(b, 'docker exec web cat /data/file /etc/made')).toBe('kept\nlayer');
    await expectOwnOnDestination(b);
    expect(await onHost(a, 'docker ps -aq; ls -A /tmp | grep ctrd-checkpoint || true')).toBe('');

    // probes
    expect(manifest.probes.map((probe) => probe.kind).sort()).toEqual(['connection', 'requests', 'ticker']);
    for (const probe of manifest.probes) {
      expect(probe.gapUs).toBeGreaterThan(100_000);
      expect(probe.resolutionUs).toBeGreaterThanOrEqual(1_000);
    }
    // trace
    const trace = loadTrace(folder);
    expect(trace.inconsistencies).toEqual([]);
    expect(new Set(trace.spans.map((span) => span.service))).toEqual(
      new Set(['transship', 'dockerd', 'containerd', 'containerd-shim', 'runc', 'criu']),
    );
    const { bounded, untilNext, inferred } = trace.explained ?? { bounded: 0, untilNext: 0, inferred: 0 };
    for (const share of [bounded, untilNext, inferred]) expect(share).toBeGreaterThan(0);
    expect(bounded + untilNext + inferred).toBeLessThanOrEqual(1);
    const spanOf = (name: string) => trace.spans.find((span) => span.name === name) as Span;
    for (const name of ['criu.dump', 'criu.restore']) {
      const { startNs, durationNs } = spanOf(name);
      expect(explainedOf(trace, { startNs, endNs: startNs + durationNs }, 'criu')).toBeGreaterThan(0.9);
    }
    const ancestors = (span: Span | undefined): string[] => {
      const parent = trace.spans.find((other) => other.spanId === span?.parentSpanId);
      return parent === undefined ? [] : [parent.name, ...ancestors(parent)];
    };
    expect(ancestors(spanOf('criu.dump'))).toContain('migration.checkpoint.checkpoint');
    expect(ancestors(spanOf('criu.restore'))).toContain('migration.restore.start');
    // against CRIU's own statistics
    const lengthUs = (name: string) =>
      nsToUs(trace.spans.filter((span) => span.name === name).reduce((sum, span) => sum + span.durationNs, 0n));
    const dump = spanOf('criu.dump').attributes;
    const freeze = spanOf('criu.dump.freeze');
    const frozenUs = nsToUs(spanOf('criu.dump').startNs + spanOf('criu.dump').durationNs - freeze.startNs - freeze.durationNs);
    expect(within5(frozenUs, dump['criu.stats.frozen_time'])).toBe(true);
    expect(within5(lengthUs('criu.dump.memory'), dump['criu.stats.memdump_time'])).toBe(true);
    expect(within5(lengthUs('criu.restore'), spanOf('criu.restore').attributes['criu.stats.restore_time'])).toBe(true);
    expect(Object.keys(migrationDocument(folder, manifest, trace))).toEqual(
      expect.arrayContaining([
        'run',
        'outcome',
        'warnings',
        'container',
        'strategy',
        'downtime',
        'criu',
        'explained',
        'bytes',
        'steps',
        'criu_statistics',
      ]),
    );
    await onHost(b, 'docker stop -t 1 web && docker rm -v web && docker volume rm web-data; true');
    await onHost(a, 'docker volume rm web-data');
  });

  test('by the command: --dry-run changes nothing, then it moves there and back', async () => {
    const { a, b } = hosts();
    await startRedis('', 'small');
    await redis(a, 'SET key value', 'small');
    const plan = await transship(['migrate', 'small', 'test:b', '--from', 'test:a', '--dry-run', '--format', 'json']);
    expect(JSON.parse(plan.stdout)).toMatchObject({ schema: 'transship.plan/1', container: { name: 'small' } });
    expect(await onHost(a, "docker inspect -f '{{.State.Status}}' small")).toBe('running');
    expect(await onHost(b, 'docker ps -aq')).toBe('');
    for (const [from, to] of [
      ['a', 'b'],
      ['b', 'a'],
    ] as const) {
      const moved = await transship(['migrate', 'small', `test:${to}`, '--from', `test:${from}`, '--format', 'json']);
      expect(moved.exitCode, moved.stderr).toBe(0);
      expect(JSON.parse(moved.stdout)).toMatchObject({
        schema: 'transship.migrate/1',
        outcome: 'migrated',
        container: { name: 'small' },
      });
      expect(moved.stderr).toContain(`small runs on ${to}; ${from} holds nothing of it`);
    }
    expect(await redis(a, 'GET key', 'small')).toBe('value');
    await onHost(a, 'docker rm -f small');
  });

  test('--plain, Docker’s path as it is', async () => {
    const { a, b } = hosts();
    await startRedis('', 'plain');
    await redis(a, 'SET key value', 'plain');
    const { manifest } = await moveIt(hosts(), { container: 'plain', options: { isPlain: true } });
    expect(manifest).toMatchObject({ outcome: 'migrated', strategy: 'docker --plain' });
    expect(await redis(b, 'GET key', 'plain')).toBe('value');
    await onHost(b, 'docker rm -f plain');
  });

  test('a container with --rm moves, and is refused where Docker would remove its checkpoint with it', async () => {
    const { b } = hosts();
    await startRedis('--rm', 'brief');
    await expect(moveIt(hosts(), { container: 'brief', options: { isPlain: true } })).rejects.toMatchObject({
      code: 'not-ready',
    });
    expect((await moveIt(hosts(), { container: 'brief' })).manifest.outcome).toBe('migrated');
    await onHost(b, 'docker rm -f brief');
  });

  test('an exec session is refused, and may be dropped by choice', async () => {
    const { a, b } = hosts();
    await startRedis('', 'busy');
    await onHost(a, 'docker exec -d busy sleep 300; sleep 0.5');
    await expect(moveIt(hosts(), { container: 'busy' })).rejects.toMatchObject({
      code: 'not-ready',
      hint: expect.stringContaining('--drop-execs'),
    });
    expect((await moveIt(hosts(), { container: 'busy', options: { dropExecs: true } })).manifest.outcome).toBe('migrated');
    await onHost(b, 'docker rm -f busy');
  });
});

/** pause, stats, logs and the restart policy act on the container itself, not on an empty cgroup beside it. */
async function expectOwnOnDestination(b: Host): Promise<void> {
  expect(await onHost(b, 'docker inspect -f \'{{.HostConfig.RestartPolicy.Name}} {{index .Config.Labels "app"}}\' web')).toBe(
    'always web',
  );
  expect(await onHost(b, 'docker logs web 2>&1')).toContain('Ready to accept connections');
  await onHost(b, 'docker pause web');
  const answer = await b.shell.run(
    'timeout 1 docker exec web redis-cli ping; nc -h >/dev/null 2>&1; cat /proc/$(docker inspect -f "{{.State.Pid}}" web)/cgroup',
  );
  const id = await onHost(b, "docker inspect -f '{{.Id}}' web");
  expect(answer.stdout).toContain(`/docker/${id}`);
  expect(answer.stdout).not.toContain('PONG');
  await onHost(b, 'docker unpause web');
  expect(await onHost(b, 'docker exec web redis-cli ping')).toBe('PONG');
  expect(await onHost(b, "docker stats --no-stream --format '{{.Name}}' web")).toBe('web');
}

function within5(us: number, statistic: unknown): boolean {
  return Math.abs(us / Number(statistic) - 1) < 0.05;
}
