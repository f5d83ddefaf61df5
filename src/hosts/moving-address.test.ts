import { describe, expect, test } from 'vitest';
import { attachedElsewhere, type InterfaceAddress, unmovable } from './moving-address.ts';
import type { Socket } from './proc-net.ts';

const at = (local: string, prefixlen: number, more: Partial<InterfaceAddress> = {}): InterfaceAddress => ({
  family: 'inet',
  local,
  prefixlen,
  ...more,
});
const own = at('10.0.0.2', 24);
const on = (addresses: readonly InterfaceAddress[], linkType = 'ether') => ({
  ifname: 'eth0',
  link_type: linkType,
  addr_info: addresses,
});

describe('an interface can do without an address', () => {
  test.each([
    ['of its own subnet', [own, at('10.0.0.50', 32)]],
    ['the second of a subnet', [own, at('10.0.0.50', 24, { secondary: true })]],
    ['the first of another subnet than the secondary one', [own, at('10.0.0.51', 24, { secondary: true }), at('10.0.0.50', 25)]],
  ])('%s', (_, addresses) => {
    expect(unmovable('10.0.0.50', on(addresses), 'a')).toBeNull();
  });

  test.each([
    ['the only one', on([at('10.0.0.50', 24)]), '10.0.0.50 is the only address of eth0 on a'],
    ['from DHCP', on([own, at('10.0.0.50', 32, { dynamic: true })]), 'given to a by DHCP'],
    ['on loopback', on([own, at('10.0.0.50', 32)], 'loopback'), 'eth0 of a is no Ethernet'],
    [
      'the first of its subnet',
      on([at('10.0.0.50', 24), at('10.0.0.2', 24, { secondary: true })]),
      'would lose 10.0.0.2 with 10.0.0.50',
    ],
  ])('not: %s', (_, place, reason) => {
    expect(unmovable('10.0.0.50', place, 'a')).toMatchObject({ status: 'fail', found: expect.stringContaining(reason) });
  });
});

describe('sockets', () => {
  const socket = (localAddress: string, localPort: number, more: Partial<Socket> = {}): Socket => ({
    protocol: 'tcp',
    localAddress,
    localPort,
    remoteAddress: '0.0.0.0',
    remotePort: 0,
    state: '0A',
    inode: '1',
    ...more,
  });
  const peer = { remoteAddress: '10.0.0.9', remotePort: 4242, state: '01' };
  const any6 = '[0:0:0:0:0:0:0:0]';

  test('of the container: listening anywhere and on loopback, connected by the address that moves', () => {
    const sockets = [socket('0.0.0.0', 80), socket(any6, 80), socket('127.0.0.1', 81), socket('10.0.0.50', 80, peer)];
    expect(
      attachedElsewhere('10.0.0.50', { own: sockets, others: [socket('10.0.0.2', 22, peer), socket('0.0.0.0', 22)] }),
    ).toBeNull();
  });

  test.each([
    ['a connection by another address', [socket('10.0.0.2', 80, peer)], [], 'it has a connection by tcp 10.0.0.2:80'],
    ['a connection with itself', [socket('127.0.0.1', 80, peer)], [], 'it has a connection by tcp 127.0.0.1:80'],
    ['listening on another address', [socket('10.0.0.2', 80)], [], 'it is bound to tcp 10.0.0.2:80'],
    [
      'others connected by it',
      [],
      [socket('10.0.0.50', 22, peer)],
      'other processes of the host use 10.0.0.50: tcp 10.0.0.50:22',
    ],
    ['others that listen there', [], [socket('10.0.0.50', 53, { protocol: 'udp', state: '07' })], 'udp 10.0.0.50:53'],
  ])('not: %s', (_, own, others, reason) => {
    expect(attachedElsewhere('10.0.0.50', { own, others })).toMatchObject({
      status: 'fail',
      found: expect.stringContaining(reason),
    });
  });
});
