import { expect, test } from 'vitest';
import type { Host } from '../../hosts/host.ts';
import type { Inspect } from './inspect.ts';
import { planNetworks } from './networks.ts';

interface Network {
  readonly Name: string;
  readonly EnableIPv4?: boolean;
  readonly EnableIPv6: boolean;
  readonly subnets: readonly string[];
}

function host(name: string, networks: readonly Network[], docker = '26.1.5'): Host {
  const all = networks.map(({ subnets, ...rest }) => ({
    ...{ Driver: 'bridge', Scope: 'local', ...rest },
    IPAM: { Driver: 'default', Config: subnets.map((Subnet) => ({ Subnet })) },
  }));
  const find = (wanted: string) => {
    const found = all.find(({ Name }) => Name === wanted);
    return found === undefined
      ? Promise.reject(Object.assign(new Error('no such network'), { statusCode: 404 }))
      : Promise.resolve(found);
  };
  return {
    name,
    docker: { getNetwork: (wanted: string) => ({ inspect: () => find(wanted) }), listNetworks: async () => all },
    facts: async () => ({ versions: { docker } }),
  } as unknown as Host;
}

const six = { Name: 'six', EnableIPv6: true, subnets: ['172.18.0.0/16', 'fd00:aa::/64'] };
const container = (network: string) =>
  ({ Name: '/web', NetworkSettings: { Networks: { [network]: { GlobalIPv6Address: 'fd00:aa::2' } } } }) as unknown as Inspect;
const planned = (from: Network, there: readonly Network[], docker?: string) =>
  planNetworks({ source: host('a', [from]), destination: host('b', there, docker) }, container(from.Name));

test('a network of IPv6 alone is made as one', async () => {
  const alone = { ...six, EnableIPv4: false, subnets: ['fd00:aa::/64'] };
  expect((await planned(alone, [])).create).toMatchObject([{ Name: 'six', EnableIPv4: false, EnableIPv6: true }]);
  expect((await planned(six, [])).create[0]).not.toHaveProperty('EnableIPv4');
});

test.each(['six', 'bridge'])('network %s without IPv6 there is told', async (Name) => {
  const { create, unequal } = await planned({ ...six, Name }, [{ ...six, Name, EnableIPv6: false }]);
  expect({ create, unequal }).toEqual({
    create: [],
    unequal: [`IPv6 address fd00:aa::2 in ${Name}: that network has no IPv6 on b`],
  });
  expect((await planned({ ...six, Name }, [{ ...six, Name }])).unequal).toEqual([]);
});

test('a subnet that is taken there: Docker chooses another, of IPv6 from 27 on', async () => {
  const other = (subnet: string) => [{ Name: 'other', EnableIPv6: false, subnets: [subnet] }];
  const chosen = ['subnet of network six: taken on b, so Docker chooses another'];
  expect((await planned(six, other('172.18.5.0/24'))).unequal).toEqual(chosen);
  expect((await planned(six, other('fd00:aa::/64'), '28.5.2')).unequal).toEqual(chosen);
  await expect(planned(six, other('fd00:aa::/64'))).rejects.toMatchObject({
    code: 'not-ready',
    message: 'b: network six cannot be made: its subnet fd00:aa::/64 is taken there, and Docker 26.1.5 chooses no other for IPv6',
  });
});
