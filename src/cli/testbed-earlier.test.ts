import { expect, test } from 'vitest';
import { refuseEarlier } from './testbed-earlier.ts';

const host = { name: 'a', address: '10.77.0.2', initPid: 1, initStart: '1', initGroups: [] };
const versions = { kernel: '6.1', criu: '4.1', docker: '26', containerd: '1.7', runc: '1.1' };
const whole = {
  set: 'mine',
  kind: 'namespaces',
  packages: 'debian13',
  init: 'tini',
  versions,
  wireNamespace: '/run/wire',
  hosts: [host],
} as const;

test('a set that an earlier version made is told from one of this version, with the way out', () => {
  expect(() => refuseEarlier(whole)).not.toThrow();
  const { initGroups: _none, ...earlierHost } = host;
  const earlier = [
    { ...whole, versions: undefined },
    { ...whole, kind: undefined },
    { ...whole, init: undefined },
    { ...whole, hosts: undefined },
    { ...whole, hosts: [earlierHost] },
  ];
  for (const state of earlier)
    expect(() => refuseEarlier(JSON.parse(JSON.stringify(state)))).toThrow(
      expect.objectContaining({
        code: 'not-ready',
        message: "set 'mine' was made by another version",
        hint: 'transship testbed down, then up',
      }),
    );
});
