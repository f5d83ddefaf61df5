import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import { loadTrace } from '../../src/cli/load-trace.ts';
import type { JournalRecord } from '../../src/evidence/records.ts';
import { packageRoot, type RunFolder } from '../../src/evidence/run-folder.ts';
import type { Host } from '../../src/hosts/host.ts';
import type { MoveOptions } from '../../src/migrate/plan.ts';
import { onHost } from '../destination-state.ts';
import { counterName, doAtOnce, killDockerd, remains, reviveDockerd, startCounter } from '../host-faults.ts';
import { moveIt } from '../mover.ts';
import { prepareHosts } from '../running-workload.ts';
import { describeOnHosts } from '../two-hosts.ts';

/** What a step said of itself when it had ended. */
const detailOf = (folder: RunFolder, step: string): unknown =>
  readFileSync(join(folder.path, 'journal.jsonl'), 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as JournalRecord)
    .find((record) => record.step === step && record.event === 'end')?.detail;

const strategies: readonly MoveOptions['strategy'][] = ['cold', 'diskless', 'post-copy'];

describeOnHosts('past the content store', 'moves', (hosts) => {
  let image = '';

  beforeAll(async () => {
    image = await prepareHosts(hosts());
  }, 600_000);

  afterEach(async () => {
    for (const host of [hosts().a, hosts().b])
      await host.shell.run('docker rm -fv $(docker ps -aq); docker volume rm $(docker volume ls -q)', { timeoutMs: 60_000 });
  });

  const redis = (host: Host, command: string) => onHost(host, `docker exec web redis-cli ${command}`);

  async function startRedis(flags: string, keys: number): Promise<void> {
    const run = `docker run -d --name web ${flags} ${image} --enable-debug-command yes`;
    const wait = 'for i in $(seq 100); do docker exec web redis-cli ping 2>/dev/null && exit 0; sleep 0.1; done; exit 1';
    await onHost(hosts().a, `${run} && (${wait}) && docker exec web redis-cli DEBUG POPULATE ${keys} key 96`);
  }

  describe.each(strategies)('%s', (strategy) => {
    test('a Redis with a client at work moves there and back; nothing is lost, nothing is left', async () => {
      const { a, b } = hosts();
      const before = { a: await remains(a), b: await remains(b) };
      await startRedis('-p 6379:6379 -e TICKER=1 -v web-data:/data --restart always', 200_000);
      await onHost(a, "docker exec web sh -c 'echo kept >/data/file; echo layer >/etc/made'");
      const digest = await redis(a, 'DEBUG DIGEST');
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
      const { manifest, folder } = await moveIt(hosts(), {
        container: 'web',
        isProbed: true,
        options: { strategy },
        onStep: ({ step, state }) => {
          // after the live copies, while the destination waits with its root mounted
          if (step === 'warm-destination' && state === 'end')
            doAtOnce(
              a,
              "docker exec web sh -c 'echo late >/etc/late; rm /etc/made; echo more >>/data/file; echo late line >/proc/1/fd/1'",
            );
        },
      });
      const working = Number(await redis(b, '-n 1 GET work'));
      client.stdin.end();
      const worked = JSON.parse((await client).stdout);

      expect(manifest).toMatchObject({ outcome: 'migrated', error: null, strategy });
      expect(manifest.bytes.images).toBeGreaterThan(100_000);
      expect(manifest.bytes.pages ?? 0).toBeGreaterThan(strategy === 'post-copy' ? 10_000_000 : -1);
      expect(working).toBeGreaterThan(0);
      expect(worked).toMatchObject({ wrong: 0 });
      expect(Number(await redis(b, '-n 1 GET work'))).toBeGreaterThanOrEqual(worked.acknowledged);
      await redis(b, '-n 1 FLUSHDB');
      expect(await redis(b, 'DEBUG DIGEST')).toBe(digest);
      expect(await onHost(b, 'docker exec web sh -c "cat /etc/late /data/file; ls /etc/made 2>/dev/null; true"')).toBe(
        'late\nkept\nmore',
      );
      await expectOrdinary(b);

      const trace = loadTrace(folder);
      expect(trace.inconsistencies).toEqual([]);
      const services = new Set(trace.spans.map((span) => span.service));
      for (const service of ['transship', 'runc', 'criu', 'dockerd'] as const) expect(services).toContain(service);
      expect(services.has('criu-page-server')).toBe(strategy === 'diskless');
      expect(services.has('criu-lazy-pages')).toBe(strategy === 'post-copy');
      expect(trace.explained?.bounded).toBeGreaterThan(0);
      expect(readFileSync(join(folder.path, 'evidence/a/commands.jsonl'), 'utf8')).not.toContain('PRIVATE KEY');
      expect(await onHost(a, 'docker ps -aq; ls -A /run/transship 2>/dev/null; true')).toBe('');
      expect(await onHost(b, 'ls -A /run/transship 2>/dev/null; true')).toBe('');

      // what has come under our runtime can go on
      await onHost(a, 'docker volume rm web-data');
      const back = await moveIt({ a: b, b: a }, { container: 'web', options: { strategy } });
      expect(back.manifest).toMatchObject({ outcome: 'migrated' });
      expect(await redis(a, 'DEBUG DIGEST')).toBe(digest);
      await onHost(a, 'docker rm -fv web; docker volume rm web-data');
      await onHost(b, 'docker volume rm web-data');
      expect({ a: await remains(a), b: await remains(b) }).toEqual(before);
    });
  });

  test('a moved container outlives a restart of dockerd, or comes back by its policy without live-restore; restart, stop, start, rm', async () => {
    const { a, b } = hosts();
    await startRedis('--restart always --init', 1000); // docker-init is a link on Debian, which CRIU would not follow
    const { manifest } = await moveIt(hosts(), { container: 'web', options: { strategy: 'post-copy' } });
    expect(manifest).toMatchObject({ outcome: 'migrated' });
    const pid = () => onHost(b, "docker inspect -f '{{.State.Pid}}' web");
    const first = await pid();
    const config = '/etc/docker/daemon.json';
    const restarted = async (edit: string) => {
      await onHost(b, `${edit}; kill -HUP $(pidof dockerd); sleep 0.3; ${killDockerd}`);
      await reviveDockerd(b);
    };
    await restarted(`cp ${config} /tmp/kept && sed -i '0,/{/s//{"live-restore": true, /' ${config}`);
    expect(await pid()).toBe(first);
    expect(await redis(b, 'DBSIZE')).toBe('1000');
    await restarted(`mv /tmp/kept ${config}`);
    await onHost(b, 'for i in $(seq 100); do docker exec web redis-cli ping 2>/dev/null && exit 0; sleep 0.1; done; exit 1');
    expect(await pid()).not.toBe(first);
    const again = 'docker exec web redis-cli ping || { sleep 1; docker exec web redis-cli ping; }';
    expect(await onHost(b, `docker restart -t 2 web >/dev/null && sleep 0.5 && ${again}`)).toBe('PONG');
    await onHost(b, 'docker stop -t 2 web');
    expect(await onHost(b, "docker inspect -f '{{.State.Status}}' web")).toBe('exited');
    expect(await onHost(b, `docker start web >/dev/null && sleep 0.5 && ${again}`)).toBe('PONG');
    await onHost(b, 'docker rm -f web');
    expect(await onHost(a, 'docker ps -aq')).toBe('');
  });

  test.each([
    ['its log begins a new file', 'max-size=250000', 1],
    ['its log begins several, and packs them', 'max-size=60000 --log-opt compress=true', 6],
    ['its log has one file', 'max-size=100000000', 0],
  ])(
    'what it logs while its files are copied is more than a pipe holds, and %s: nothing is missing',
    async (_, options, more) => {
      const { a, b } = hosts();
      const count = 3_000;
      await startRedis(`--log-opt ${options} --log-opt max-file=20`, 1_000);
      const log = `for i in $(seq ${count}); do echo "line $i ${'.'.repeat(40)}"; done >/proc/1/fd/1`;
      const { manifest } = await moveIt(hosts(), {
        container: 'web',
        options: { strategy: 'cold' },
        onStep: ({ step, state }) => {
          if (step === 'warm-destination' && state === 'end')
            doAtOnce(
              a,
              `docker exec web sh -c '${log}'; sleep 0.3; ls -d $(docker inspect -f '{{.LogPath}}' web)* | sed 's/[.]gz$//' | sort -u | grep -c 'log[.]' >/tmp/more`,
            );
        },
      });
      expect(manifest).toMatchObject({ outcome: 'migrated', error: null });
      expect(Number(await onHost(a, 'cat /tmp/more; rm /tmp/more'))).toBe(more);
      expect(await onHost(b, "docker logs web 2>&1 | sed -n 's/^line \\([0-9]*\\) .*/\\1/p' | tr '\\n' ' '")).toBe(
        Array.from({ length: count }, (_, index) => index + 1).join(' '),
      );
    },
  );

  test('post-copy of one that forks and frees memory all the time: what is gone need not come', async () => {
    const { a, b } = hosts();
    const program =
      '$| = 1; my @m = map { "x" x (10 << 20) } 1 .. 15; while (1) { shift @m; push @m, "x" x (10 << 20); print "$$\\n"; unless (fork) { select undef, undef, undef, 0.3; exit } waitpid -1, 1; select undef, undef, undef, 0.05 }';
    await onHost(a, `docker run -d --name web --entrypoint perl ${image} -e '${program}' && sleep 2`);
    const { manifest, folder } = await moveIt(hosts(), { container: 'web', options: { strategy: 'post-copy' } });
    expect(manifest).toMatchObject({ outcome: 'migrated', error: null });
    expect(await onHost(b, 'docker inspect -f "{{.State.Status}}" web')).toBe('running');
    const log = readFileSync(join(folder.path, 'evidence/b/criu/lazy-pages.log'), 'utf8');
    expect(log).toMatch(/: (UNMAP|REMOVE): /);
    expect(log).toMatch(/: FORK: /);
    const [, come, all] = / UFFD transferred pages: \((\d+)\/(\d{5,})\)/.exec(log) ?? [];
    expect(Number(come)).toBeLessThan(Number(all));
  });

  test('post-copy: memory that is given up before it has come is not missed', async () => {
    const { a, b } = hosts();
    await startCounter(a, '', 1);
    // large enough for a mapping of its own (and no constant, of which perl keeps one); a clock that jumps tells it that it has moved
    const program = `sub now { open U, "</proc/uptime"; (split " ", <U>)[0] } $| = 1; $n = 200; $m = "x" x ($n << 20); $last = now();
      while (1) { select undef, undef, undef, 0.01; $now = now(); undef $m if $now - $last > 0.1; $last = $now; print defined $m ? "" : "given up\n" }`;
    await onHost(a, `docker rm -f ${counterName}; docker run -d --name web counter /usr/bin/perl -e '${program}'`);
    const { manifest } = await moveIt(hosts(), { container: 'web', options: { strategy: 'post-copy' } });
    expect(manifest).toMatchObject({ outcome: 'migrated', error: null });
    expect(await onHost(b, 'docker logs web | tail -n 1')).toBe('given up');
    expect(manifest.bytes.pages).toBeLessThan(200e6);
  });

  test('its network is as a new container has it: set up before the freeze, or by the restore', async () => {
    const { a, b } = hosts();
    // addresses, routes, and every setting of the namespace but those that time or chance changes
    const network = (host: Host) =>
      onHost(
        host,
        `nsenter -t $(docker inspect -f '{{.State.Pid}}' web) -n sh -c 'ip -o a | sed "s/^[0-9]*: //;s/@if[0-9]*//"; ip -d r; ip -6 r; nft list ruleset
           cd /proc/sys/net && grep -r . . 2>/dev/null | grep -v "random\\|uuid\\|conntrack_count\\|secret" | sort'`,
      );
    await onHost(a, `docker run -d --name web -p 6379:6379 ${image}`);
    const fresh = await network(a);
    const there = await moveIt(hosts(), { container: 'web', options: { strategy: 'diskless' } });
    expect(there.manifest).toMatchObject({ outcome: 'migrated', error: null });
    expect(detailOf(there.folder, 'set-up-network')).toMatchObject({ namespace: expect.stringMatching(/netns/) });
    expect(await network(b)).toBe(fresh);
    expect(there.manifest.warnings.join()).not.toContain('network namespace');
    expect(await namespaceNames(b, 'web')).toEqual({ bundle: [''], state: [''], ofProcess: true });
    const back = await moveIt({ a: b, b: a }, { container: 'web', options: { strategy: 'diskless', isNetworkEarly: false } });
    expect(detailOf(back.folder, 'set-up-network')).toMatchObject({ left: '--no-early-network' });
    expect(await network(a)).toBe(fresh);
  });
});

/** Which network namespace the bundle and runc's state say that it joins, and whether the latter knows it as that of its process. */
async function namespaceNames(host: Host, name: string) {
  const [id, pid] = (await onHost(host, `docker inspect -f '{{.Id}} {{.State.Pid}}' ${name}`)).split(' ');
  const read = async (file: string) => JSON.parse(await onHost(host, `cat ${file}`));
  const bundle = await read(`/run/docker/containerd/daemon/io.containerd.runtime.v2.task/moby/${id}/config.json`);
  const state = await read(`/run/docker/runtime-runc/moby/${id}/state.json`);
  const pathOf = ({ path = '' }: { path?: string }) => path;
  return {
    bundle: bundle.linux.namespaces.filter(({ type }: { type: string }) => type === 'network').map(pathOf),
    state: state.config.namespaces.filter(({ type }: { type: string }) => type === 'NEWNET').map(pathOf),
    ofProcess: state.namespace_paths.NEWNET === `/proc/${pid}/ns/net`,
  };
}

/** docker's own commands, the restart policy, and a cgroup and a cgroup namespace of its own. */
async function expectOrdinary(host: Host): Promise<void> {
  const id = await onHost(host, "docker inspect -f '{{.Id}}' web");
  expect(await onHost(host, "docker inspect -f '{{.HostConfig.RestartPolicy.Name}}' web")).toBe('always');
  expect(await onHost(host, 'docker logs web 2>&1')).toMatch(/Ready to accept connections[\s\S]*late line/);
  expect(await onHost(host, "docker stats --no-stream --format '{{.Name}}' web")).toBe('web');
  const { stdout } = await host.shell.run(
    'docker pause web >/dev/null; timeout 1 docker exec web redis-cli ping; cat /proc/$(docker inspect -f "{{.State.Pid}}" web)/cgroup; docker unpause web',
  );
  expect(stdout).toContain(`/docker/${id}`);
  expect(stdout).not.toContain('PONG');
  // with a cgroup namespace of its own it sees no path, in any hierarchy
  const groups = (await onHost(host, 'docker exec web cat /proc/1/cgroup')).split('\n').filter((line) => !line.endsWith(':/'));
  expect(groups).toEqual([]);
  expect(await onHost(host, 'docker exec web redis-cli ping')).toBe('PONG');
}
