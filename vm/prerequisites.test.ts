import { afterEach, expect, test } from 'vitest';
import { missingForVms, requireGoBuild } from './prerequisites.ts';

const path = process.env.PATH;
afterEach(() => {
  process.env.PATH = path;
});

test.skipIf(process.arch !== 'x64')('no QEMU: its programs, and the Debian packages that bring them', () => {
  process.env.PATH = '/nowhere';
  expect(missingForVms()).toEqual(
    expect.arrayContaining(['no qemu-img (Debian package qemu-utils)', 'no qemu-system-x86_64 (Debian package qemu-system-x86)']),
  );
});

test.skipIf(process.getuid?.() !== 0)('no Go toolchain and nothing to make one: said before anything is fetched', () => {
  process.env.PATH = '/nowhere';
  expect(requireGoBuild).toThrow(/no Go toolchain can be made here: .*no mmdebstrap \(Debian package mmdebstrap\)/);
});
