import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { execa } from 'execa';
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { packageRoot } from '../../src/evidence/run-folder.ts';
import type { Host } from '../../src/hosts/host.ts';
import { installRuntime } from '../../src/wrap/install.ts';
import { transship } from '../built-command.ts';
import { onHost } from '../destination-state.ts';
import { doAtOnce, kill } from '../host-faults.ts';
import { killAt } from '../killed-controller.ts';
import { moveIt } from '../mover.ts';
import { bringWorkload } from '../running-workload.ts';
import { describeOnHosts } from '../two-hosts.ts';

const address = '10.77.0.50';

describeOnHosts('connections that move along', 'tcp', (hosts) => {
  let image = '';

  beforeAll(async () => {
    image = await bringWorkload([hosts().a, hosts().b]);
    for (const host of [hosts().a, hosts().b])
      await onHost(host, "sed -i '/^tcp-close/d; /^skip-in-flight/d' /etc/criu/runc.conf");
    await onHost(
      hosts().a,
      'docker network create -d macvlan --subnet 10.77.0.0/24 --ip-range 10.77.0.192/26 --gateway 10.77.0.1 -o parent=eth0 lan',
    );
    await installRuntime(hosts().b);
  }, 600_000);

  afterEach(async () => {
    for (const host of [hosts().a, hosts().b]) await host.shell.run('docker rm -f $(docker ps -aq)', { timeoutMs: 60_000 });
  });

  const redis = (host: Host, command: string) => onHost(host, `docker exec web redis-cli ${command}`);

  async function startRedis(flags: string): Promise<void> {
    const wait = 'for i in $(seq 100); do docker exec web redis-cli ping 2>/dev/null && exit 0; sleep 0.1; done; exit 1';
    await onHost(hosts().a, `docker run -d --name web ${flags} ${image} --enable-debug-command yes && (${wait})`);
    await redis(hosts().a, 'DEBUG POPULATE 100000 key 96');
    // a container of this address may have been on b just now: the switch has to hear of the new one
    await hosts().a.shell.run(`docker exec web bash -c 'echo >/dev/udp/10.77.0.1/9'`);
  }

  /** The client's connection stands, and it is at work. */
  async function working(): Promise<void> {
    const isAtWork =
      'for i in $(seq 100); do [ "$(docker exec web redis-cli -n 1 GET work)" -gt 5 ] && exit 0; sleep 0.1; done; exit 1';
    await onHost(hosts().a, `(${isAtWork}) 2>/dev/null`);
  }

  /** One connection, one request after the other; it would count a reconnect only after ten silent seconds. */
  const client = () =>
    execa(
      'nsenter',
      [...hosts().a.networkPrefix.slice(1), 'node', join(packageRoot(), 'test/fixtures/counting-client.mjs'), `${address}:6379`],
      { stdin: 'pipe', reject: false, env: { SILENCE_MS: '10000' } },
    );

  describe.each(['diskless', 'post-copy'] as const)('%s', (strategy) => {
    test('a client on one connection, every answer right', async () => {
      const { a, b } = hosts();
      await startRedis(`--network lan --ip ${address}`);
      const connected = client();
      await working();
      const { manifest } = await moveIt(hosts(), { container: 'web', options: { strategy, tcpEstablished: true } });
      const then = Number(await redis(b, '-n 1 GET work'));
      await sleep(1_500);
      connected.stdin.end();
      const { acknowledged, reconnects, wrong } = JSON.parse((await connected).stdout);
      expect(manifest).toMatchObject({ outcome: 'migrated', error: null });
      expect({ reconnects, wrong }).toEqual({ reconnects: 0, wrong: 0 });
      expect(acknowledged).toBeGreaterThan(then);
      expect(Number(await redis(b, '-n 1 GET work'))).toBeGreaterThanOrEqual(acknowledged);
      expect(Number(await redis(b, '-n 1 GET work'))).toBeLessThanOrEqual(acknowledged + 1);
      expect(await onHost(a, 'docker ps -aq')).toBe('');
    });
  });

  test('its connections stay behind: the address is announced on arrival all the same', async () => {
    const { a } = hosts();
    await startRedis(`--network lan --ip ${address}`);
    const announced = hearAnnouncement(a);
    const { manifest } = await moveIt(hosts(), { container: 'web', options: { strategy: 'diskless' } });
    expect(manifest).toMatchObject({ outcome: 'migrated', error: null });
    expect(await announced).toBe('announced');
  });

  test('a move that is rolled back: the connection goes on where it was', async () => {
    const { a, b } = hosts();
    await startRedis(`--network lan --ip ${address}`);
    const connected = client();
    await working();
    const { manifest } = await moveIt(hosts(), {
      container: 'web',
      options: { strategy: 'post-copy', tcpEstablished: true },
      onStep: ({ step, state }) => {
        // the images find no room there, so that nothing is restored
        if (step === 'warm-destination' && state === 'end')
          doAtOnce(b, 'mount -o remount,size=64k /run/transship/transship-*/images');
      },
    });
    const then = Number(await redis(a, '-n 1 GET work'));
    await sleep(1_500);
    connected.stdin.end();
    const { acknowledged, reconnects, wrong } = JSON.parse((await connected).stdout);
    expect(manifest.outcome).toBe('rolled-back');
    expect({ reconnects, wrong }).toEqual({ reconnects: 0, wrong: 0 });
    expect(acknowledged).toBeGreaterThan(then);
  });

  describe('on the host network, by an address that moves along', () => {
    const options = { strategy: 'post-copy', tcpEstablished: true, movingAddress: address } as const;
    /** All of the network that a move touches: addresses, rules, connections by the address. */
    const network = (host: Host) =>
      onHost(host, `ip -o -4 address show dev eth0; nft list tables; ss -tanH src ${address} | grep -vc ESTAB; true`);
    const holders = async () =>
      Promise.all([hosts().a, hosts().b].map((host) => onHost(host, `ip -o address show to ${address} | wc -l`)));

    beforeEach(async () => {
      await onHost(hosts().a, `ip address replace ${address}/32 dev eth0`);
      // the client knows a container of this address that is gone
      await execa('nsenter', [...hosts().a.networkPrefix.slice(1), 'ip', 'neigh', 'flush', 'all']);
    });
    afterEach(async () => {
      for (const host of [hosts().a, hosts().b]) await host.shell.run(`ip address del ${address}/32 dev eth0`);
    });

    async function clientThrough(act: () => Promise<unknown>) {
      const connected = client();
      await working();
      await act();
      await sleep(1_500);
      connected.stdin.end();
      return JSON.parse((await connected).stdout) as { acknowledged: number; reconnects: number; wrong: number };
    }

    test.each(['diskless', 'post-copy'] as const)('%s, there and back, every answer right', async (strategy) => {
      const { a, b } = hosts();
      await installRuntime(a);
      await startRedis('--network host');
      const before = [await network(a), await network(b)];
      const worked = await clientThrough(async () => {
        for (const pair of [
          { a, b },
          { a: b, b: a },
        ]) {
          const { manifest } = await moveIt(pair, { container: 'web', options: { ...options, strategy } });
          expect(manifest).toMatchObject({ outcome: 'migrated', error: null });
          expect(manifest.warnings.join()).toContain(`${address} is on ${pair.b.name} until that one restarts`);
          expect(await holders()).toEqual(pair.b === b ? ['0', '1'] : ['1', '0']);
        }
      });
      expect(worked).toMatchObject({ reconnects: 0, wrong: 0 });
      expect(Number(await redis(a, '-n 1 GET work')) - worked.acknowledged).toBeOneOf([0, 1]);
      expect([await network(a), await network(b)]).toEqual(before);
    });

    test('a restore that breaks: rolled back, and the connection goes on where it was', async () => {
      const { a, b } = hosts();
      await startRedis('--network host');
      const before = [await network(a), await network(b)];
      let then = 0;
      const worked = await clientThrough(async () => {
        const { manifest } = await moveIt(hosts(), {
          container: 'web',
          options,
          onStep: ({ step, state }) => {
            if (step === 'hand-over' && state === 'begin') void b.shell.run(kill('^criu: restore'), { timeoutMs: 10_000 });
          },
        });
        expect(manifest.outcome).toBe('rolled-back');
        then = Number(await redis(a, '-n 1 GET work'));
      });
      expect(worked).toMatchObject({ reconnects: 0, wrong: 0 });
      expect(worked.acknowledged).toBeGreaterThan(then);
      expect([await network(a), await network(b)]).toEqual(before);
    });

    test('a controller that is killed: its recovery takes the address to where the container runs', async () => {
      const { a, b } = hosts();
      await startRedis('--network host');
      const before = [await network(a), await network(b)];
      const words = [
        '--tcp-established',
        '--moving-address',
        address,
        '--strategy',
        'diskless',
        '--no-probe',
        '--name',
        'killed',
      ];
      const worked = await clientThrough(async () => {
        const command = transship(['migrate', 'web', 'test:b', '--from', 'test:a', ...words]);
        await killAt(command, 'killed', /"step":"hand-over".*"event":"begin"/);
        const { exitCode, stderr } = await transship(['recover', 'killed']);
        expect(exitCode, stderr).toBe(0);
      });
      expect(worked).toMatchObject({ reconnects: 0, wrong: 0 });
      expect(await holders()).toEqual(['0', '1']);
      await onHost(b, 'docker rm -f web');
      await onHost(a, `ip address add ${address}/32 dev eth0`);
      await onHost(b, `ip address del ${address}/32 dev eth0`);
      expect([await network(a), await network(b)]).toEqual(before);
    });

    test('refused with the reason: no address of the source, that which ssh uses, one of the destination, one beyond a router', async () => {
      const refused = async (movingAddress: string, command: string) => {
        if (command !== '') await onHost(hosts().b, command);
        const moved = moveIt(hosts(), { container: 'web', options: { ...options, movingAddress } });
        return await moved.then(String, ({ code, message }) => `${code}: ${message}`);
      };
      await startRedis('--network host');
      expect(await refused('10.77.0.51', '')).toContain('not-ready: a: 10.77.0.51 is no address of a');
      expect(await refused('10.77.0.2', '')).toContain('other processes of the host use 10.77.0.2: tcp 10.77.0.2:22');
      const way = `${address}/32 via 10.77.0.1`;
      expect(await refused(address, `ip route add ${way}`)).toContain(`b reaches ${address} by the router 10.77.0.1`);
      const here = `ip route del ${way} && ip address add ${address}/32 dev eth0`;
      expect(await refused(address, here)).toContain(`${address} is an address of b already`);
    });
  });

  test.each([
    ['a bridge', '', 'bridge network bridge cannot move'],
    ['the host network', '--network host', "on the host network the address is the host's"],
    ['an address that Docker chose', '--network lan', 'its address on lan is not fixed'],
  ])('refused with the reason: %s', async (_what, flags, reason) => {
    await startRedis(flags);
    const moved = moveIt(hosts(), { container: 'web', options: { strategy: 'diskless', tcpEstablished: true } });
    await expect(moved).rejects.toMatchObject({ code: 'not-ready', message: expect.stringContaining(reason) });
  });
});

/** Listens on eth0 there for a gratuitous ARP of the address (RFC 826: sender and target are one), half a minute at most. */
async function hearAnnouncement(host: Host): Promise<string> {
  const script = `use Socket; socket(my $s, 17, 3, unpack("n", pack("S", 0x0806))) or die $!; alarm 30; my $ip = inet_aton("${address}");
    while (sysread($s, my $p, 2048)) { if (substr($p, 28, 4) eq $ip && substr($p, 38, 4) eq $ip) { print "announced"; exit } }`;
  const process = host.spawn(`exec perl -e '${script}'`);
  process.stdin.end();
  let heard = '';
  process.stdout.on('data', (chunk: Buffer) => {
    heard += chunk.toString();
  });
  await process.ended;
  return heard;
}
