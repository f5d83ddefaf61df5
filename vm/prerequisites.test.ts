import { afterEach, expect, test } from 'vitest';
import { missingForVms } from './prerequisites.ts';

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
