import { expect, test } from 'vitest';
import type { Host } from './host.ts';
import { bracketed, isListening, listeningAddresses, ownAddresses } from './listeners.ts';

/** As ss prints them (iproute2 6.15). */
const lines = `LISTEN 0      16      10.77.0.3:20123      0.0.0.0:*
LISTEN 0      128       0.0.0.0:20123      0.0.0.0:*
LISTEN 0      128             *:20123            *:*
LISTEN 0      128          [::]:20123         [::]:*
LISTEN 0      128  10.0.0.1%lo:20123       0.0.0.0:*
LISTEN 0      16  [fe80::a00:1]%eth0:20123    [::]:*
LISTEN 0      16  [fd00::12]:20123            [::]:*
`;

test('every listener has its address, and what listens everywhere has none of them', () => {
  expect(listeningAddresses(lines)).toEqual(['10.77.0.3', '0.0.0.0', '*', '::', '10.0.0.1', 'fe80::a00:1', 'fd00::12']);
  expect(listeningAddresses('')).toEqual([]);
});

test.each([
  ['10.77.0.3', true],
  ['10.77.0.4', false],
  ['fd00:0:0::0012', true],
  ['fe80::a00:1%eth0', true],
  ['fe80::a00:2%eth0', false],
])('somebody listens on %s: %s', async (address, isThere) => {
  const host = { shell: { run: async () => ({ exitCode: 0, stdout: lines, stderr: '' }) } } as unknown as Host;
  expect(await isListening(host, address, 20_123)).toBe(isThere);
});

/** As `ip -o address show` prints them (iproute2 6.15). */
const addresses = `1: lo    inet 127.0.0.1/8 scope host lo\\       valid_lft forever preferred_lft forever
2: eth0    inet 10.77.0.3/24 brd 10.77.0.255 scope global eth0\\       valid_lft forever preferred_lft forever
2: eth0    inet6 fd00::12/64 scope global nodad \\       valid_lft forever preferred_lft forever
3: wg0    inet 10.9.0.1 peer 10.9.0.2/32 scope global wg0\\       valid_lft forever preferred_lft forever
`;

test('the addresses of a host are its own, not those of its peers', async () => {
  const host = { shell: { run: async () => ({ exitCode: 0, stdout: addresses, stderr: '' }) } } as unknown as Host;
  expect(await ownAddresses(host)).toEqual(['127.0.0.1', '10.77.0.3', 'fd00::12', '10.9.0.1']);
});

test('an IPv6 address has brackets before a port', () => {
  expect(['10.77.0.3', 'fd00::12'].map(bracketed)).toEqual(['10.77.0.3', '[fd00::12]']);
});
