import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { execa } from 'execa';
import { afterEach, beforeAll, expect, test } from 'vitest';
import { packageRoot } from '../../src/evidence/run-folder.ts';
import type { Host } from '../../src/hosts/host.ts';
import { installRuntime } from '../../src/wrap/install.ts';
import { onHost } from '../destination-state.ts';
import { moveIt } from '../mover.ts';
import { bringWorkload } from '../running-workload.ts';
import { describeOnHosts } from '../two-hosts.ts';

/** Docker's own restore knows only the host network from 28 on (containerd issue 12141). */
describeOnHosts(
  'Docker 28 or later',
  'docker-28',
  (hosts) => {
    let image = '';

    beforeAll(async () => {
      image = await bringWorkload([hosts().a, hosts().b]);
      await installRuntime(hosts().b);
    }, 600_000);

    afterEach(async () => {
      for (const host of [hosts().a, hosts().b]) await host.shell.run('docker rm -f web', { timeoutMs: 60_000 });
    });

    const redis = (host: Host, command: string) => onHost(host, `docker exec web redis-cli ${command}`);

    async function startRedis(flags = '-p 6379:6379'): Promise<void> {
      const wait = 'for i in $(seq 100); do docker exec web redis-cli ping 2>/dev/null && exit 0; sleep 0.1; done; exit 1';
      await onHost(hosts().a, `docker run -d --name web ${flags} ${image} --enable-debug-command yes && (${wait})`);
      await redis(hosts().a, 'DEBUG POPULATE 50000 key 96');
    }

    test.each(['diskless', 'post-copy'] as const)(
      '%s: a container on the bridge with a published port moves and answers',
      async (strategy) => {
        const { a, b } = hosts();
        expect(Number((await b.facts()).versions.docker?.split('.')[0])).toBeGreaterThanOrEqual(28);
        await startRedis();
        const digest = await redis(a, 'DEBUG DIGEST');
        const { manifest } = await moveIt(hosts(), { container: 'web', options: { strategy } });
        expect(manifest).toMatchObject({ outcome: 'migrated', error: null });
        expect(await redis(b, 'DEBUG DIGEST')).toBe(digest);
        const ask = `exec 3<>/dev/tcp/${b.address}/6379; echo PING >&3; read -r -t 5 answer <&3; echo "$answer"`;
        expect(await onHost(a, `bash -c '${ask}'`)).toContain('PONG');
        expect(await onHost(b, 'docker restart web >/dev/null; sleep 1; docker exec web redis-cli ping')).toBe('PONG');
      },
    );

    test('a connection on the host network moves along with its address: dockerd attaches nothing there', async () => {
      const { a, b } = hosts();
      const address = '10.77.0.50';
      for (const host of [a, b]) await onHost(host, "sed -i '/^tcp-close/d; /^skip-in-flight/d' /etc/criu/runc.conf");
      await onHost(a, `ip address add ${address}/32 dev eth0`);
      await startRedis('--network host');
      const words = [
        ...a.networkPrefix.slice(1),
        'node',
        join(packageRoot(), 'test/fixtures/counting-client.mjs'),
        `${address}:6379`,
      ];
      const client = execa('nsenter', words, { stdin: 'pipe', reject: false, env: { SILENCE_MS: '10000' } });
      await sleep(500);
      const options = { strategy: 'post-copy', tcpEstablished: true, movingAddress: address } as const;
      const { manifest } = await moveIt(hosts(), { container: 'web', options });
      const then = Number(await redis(b, '-n 1 GET work'));
      await sleep(1_500);
      client.stdin.end();
      const { acknowledged, ...others } = JSON.parse((await client).stdout);
      expect(manifest).toMatchObject({ outcome: 'migrated', error: null });
      expect(others).toEqual({ reconnects: 0, wrong: 0 });
      expect(acknowledged).toBeGreaterThan(then);
    });

    test('refused with the reason: Docker’s own path, and established connections', async () => {
      await startRedis();
      const moved = (options: object) => moveIt(hosts(), { container: 'web', options });
      await expect(moved({ strategy: 'docker' })).rejects.toMatchObject({
        message: expect.stringMatching(/Docker 2[89]\S* restores no container on network/),
      });
      await expect(moved({ strategy: 'diskless', tcpEstablished: true })).rejects.toMatchObject({
        message: expect.stringMatching(/attaches the network after the restore/),
      });
    });
  },
  { packages: 'testing' },
);
