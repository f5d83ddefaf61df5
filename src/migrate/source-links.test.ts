import { expect, test } from 'vitest';
import { cutLinks, detailOfLinks, joinLinks, linksIn, linksOfDetail } from './source-links.ts';

const printed = 'pid 42\nlink veth1\nlan eth1\nlink veth2\nother eth2\n';
const links = linksIn(printed, 42);

test('links are cut and joined where each can be', () => {
  expect(links).toEqual({ links: ['veth1', 'veth2'], lanLinks: ['eth1'], pid: 42, otherLinks: ['eth2'] });
  expect(cutLinks(links)).toEqual([
    'ip link set dev veth1 down',
    'ip link set dev veth2 down',
    'nsenter -t 42 -n ip link set dev eth1 protodown on',
  ]);
  expect(joinLinks(links)).toEqual([
    'ip link set dev veth1 up',
    'ip link set dev veth2 up',
    'nsenter -t 42 -n ip link set dev eth1 protodown off',
  ]);
});

test.each([
  ['both kinds', printed],
  ['one on a bridge', 'link veth1\n'],
  ['one on a LAN', 'lan eth0\n'],
])('%s: what the journal was told is enough to join them again', (_what, text) => {
  const cut = linksIn(text, 42);
  const again = linksOfDetail(detailOfLinks(cut));
  expect(again && joinLinks(again)).toEqual(joinLinks(cut));
});

test('on the network of the host there is none to cut, and nothing to tell', () => {
  const none = linksIn('pid 42\n', 42);
  expect(cutLinks(none)).toEqual([]);
  expect(detailOfLinks(none)).toBeUndefined();
  expect(linksOfDetail(undefined)).toBeNull();
});
