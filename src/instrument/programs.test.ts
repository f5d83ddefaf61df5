import { expect, test } from 'vitest';
import { tellsVersion, upstreamVersion } from './programs.ts';

test.each([
  ['1.1.15+ds1-2', '1.1.15+ds1'],
  ['1.7.24~ds1-6+deb13u1', '1.7.24~ds1'],
  ['1:28.5.2+dfsg4-5', '28.5.2+dfsg4'],
])('of %s upstream’s part is %s', (debian, upstream) => {
  expect(upstreamVersion(debian)).toBe(upstream);
});

test.each([
  ['Docker version 28.5.2+dfsg4, build 89c5e8f', '28.5.2+dfsg4', true],
  ['containerd-shim-runc-v2:\n  Version:  2.1.9+unknown\n  Revision: \n', '2.1.9+ds1', true],
  ['containerd-shim-runc-v2:\n  Version:  2.1.8+unknown\n', '2.1.9+ds1', false],
  ['runc version 1.1.15+ds1\ncommit: 1.1.15+ds1-2\n', '1.3.6+ds1', false],
  ['', '1.3.6+ds1', false],
])('%j is of %s: %s', (printed, version, isOf) => {
  expect(tellsVersion(printed, version)).toBe(isOf);
});
