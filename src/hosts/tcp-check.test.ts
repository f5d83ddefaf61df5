import { expect, test } from 'vitest';
import type { ContainerSubject } from './check.ts';
import { tcpFinding } from './tcp-check.ts';

const host = {
  name: 'a',
  shell: { run: async () => ({ exitCode: 0, stdout: '' }) },
  docker: { getNetwork: () => ({ inspect: async () => ({ Driver: 'macvlan' }) }) },
};

const subject = (endpoint: object) =>
  ({
    inspect: { HostConfig: { NetworkMode: 'lan' }, NetworkSettings: { Networks: { lan: endpoint } } },
    source: { host },
    destination: { host, facts: { versions: { docker: '26.1.5' } } },
    allowed: { strategy: 'diskless' },
  }) as unknown as ContainerSubject;

const four = { IPv4Address: '10.77.0.50' };
const six = 'fd00:77::50';

test.each([
  ['fixed', { IPAMConfig: four }, 'ok', /its fixed address moves along/],
  ['fixed, and so is that of IPv6', { IPAMConfig: { ...four, IPv6Address: six }, GlobalIPv6Address: six }, 'ok', /moves along/],
  ['not fixed', {}, 'fail', /its address on lan is not fixed/],
  ['fixed, but not that of IPv6', { IPAMConfig: four, GlobalIPv6Address: six }, 'fail', /its IPv6 address on lan is not fixed/],
])('an address on a macvlan network that is %s', async (_, endpoint, status, found) => {
  expect(await tcpFinding(subject(endpoint))).toMatchObject({ status, found: expect.stringMatching(found) });
});
