import { afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import type { Host } from '../../src/hosts/host.ts';
import { plan } from '../../src/migrate/plan.ts';
import { installRuntime } from '../../src/wrap/install.ts';
import { importHostImage } from '../../vm/host-image.ts';
import { ipv6Of } from '../../vm/ipv6.ts';
import { onHost } from '../destination-state.ts';
import { moveIt, usualOptions } from '../mover.ts';
import { describeOnHosts } from '../two-hosts.ts';

const makeNetwork = (name: string, prefix: string) => `docker network create --ipv6 --subnet ${prefix}::/64 ${name}`;

/** Answers what comes by UDP over IPv6 with the number of its answers. */
const program = `socket(S, 10, 2, 17) or die; bind(S, pack("S n N a16 N", 10, 9999, 0, "\\0" x 16, 0)) or die;
  while (defined($from = recv S, $m, 64, 0)) { send S, ++$n, 0, $from }`;

const asking = `use Socket; socket(S, AF_INET6, SOCK_DGRAM, 0); alarm 5;
  send(S, "?", 0, pack_sockaddr_in6(9999, Socket::inet_pton(AF_INET6, shift))) or die "$!\\n"; recv S, $n, 64, 0; print $n`;

describeOnHosts('IPv6', 'ipv6', (hosts) => {
  beforeAll(async () => {
    for (const host of [hosts().a, hosts().b]) {
      await installRuntime(host);
      // so that no page can come by IPv4
      const drop = 'nft add rule ip pages input tcp dport 20000-31999 drop';
      await onHost(
        host,
        `nft add table ip pages; nft 'add chain ip pages input { type filter hook input priority 0; }'; ${drop}`,
      );
    }
  }, 600_000);

  beforeEach(async () => {
    const run = `docker run -d --name six --network six counter /usr/bin/perl -e '${program}'`;
    await onHost(hosts().a, `{ ${importHostImage('counter')}; } && ${makeNetwork('six', 'fd00:aa')} && ${run}`);
  });

  afterEach(async () => {
    for (const host of [hosts().a, hosts().b])
      await host.shell.run('docker rm -f $(docker ps -aq); docker network rm six other', { timeoutMs: 60_000 });
  });

  const addressOn = (host: Host) =>
    onHost(host, "docker inspect six --format '{{.NetworkSettings.Networks.six.GlobalIPv6Address}}'");
  const ask = async (host: Host) => Number(await onHost(host, `perl -e '${asking}' ${await addressOn(host)}`));
  /** As the other host knows it: its ssh goes by IPv6, and so the pages do. */
  const bySix = (host: Host): Host => ({ ...host, sshFromPeer: [`root@${ipv6Of(host.address ?? '')}`] });
  const planned = () =>
    plan({ container: 'six', source: hosts().a, destination: hosts().b, options: { ...usualOptions, strategy: 'cold' } });

  test('pages by TLS and plain, there by diskless and back by post-copy; the container is reached by IPv6 after each', async () => {
    const { a, b } = hosts();
    expect(await ask(a)).toBe(1);
    const there = { a, b: bySix(b) };
    const options = { strategy: 'diskless', plainPages: false } as const;
    expect((await moveIt(there, { container: 'six', options })).manifest).toMatchObject({ outcome: 'migrated', error: null });
    expect(await ask(b)).toBe(2);
    const back = { strategy: 'post-copy', plainPages: true } as const;
    const moved = await moveIt({ a: b, b: bySix(a) }, { container: 'six', options: back });
    expect(moved.manifest).toMatchObject({ outcome: 'migrated', error: null });
    expect(await ask(a)).toBe(3);
  });

  test('a destination whose network of that name has no IPv6 is told beforehand, with the address', async () => {
    await onHost(hosts().b, 'docker network create six');
    const address = await addressOn(hosts().a);
    expect((await planned()).networks.unequal).toEqual([`IPv6 address ${address} in six: that network has no IPv6 on b`]);
  });

  test('an IPv6 subnet that is taken there is refused beforehand: this Docker chooses no other', async () => {
    await onHost(hosts().b, makeNetwork('other', 'fd00:aa'));
    await expect(planned()).rejects.toMatchObject({
      code: 'not-ready',
      message: expect.stringContaining('fd00:aa::/64 is taken there, and Docker 26.1.5'),
      hint: expect.stringContaining('docker network create --ipv6 --subnet SUBNET six'),
    });
  });
});
