import { expect, test } from 'vitest';
import { cgroupParentCheck, cgroupParentOf, isPlacedAnew } from './cgroup-parent-check.ts';
import type { ContainerSubject, HostSubject } from './check.ts';

test.each([
  ['word /mine\nfile\n{ "cgroup-parent": "/other" }', '/mine'],
  ['file\n{ "debug": true,\n  "cgroup-parent" : "mine.slice" }\n', 'mine.slice'],
  ['file\n{ "debug": true }\n', null],
  ['file\n', null],
  ['', null],
])('of %j', (printed, parent) => {
  expect(cgroupParentOf(printed)).toBe(parent);
});

const host = (cgroupVersion: string, runc: string | null, printed = 'file\n') =>
  ({
    facts: { cgroupVersion, versions: { runc } },
    host: { shell: { run: async () => ({ stdout: printed }) } },
  }) as unknown as HostSubject;

test.each([
  ['1', '1.1.15', true],
  ['2', '1.1.15', false],
  ['2', '1.3.0', true],
  ['2', '1.3.6', true],
  ['2', null, false],
])('cgroup version %s, runc %s: placed anew %s', (version, runc, isAnew) => {
  expect(isPlacedAnew(host(version, runc))).toBe(isAnew);
});

const mine = 'file\n{ "cgroup-parent": "/mine" }';
const subject = (source: HostSubject, destination: HostSubject | null, CgroupParent = '') =>
  ({ inspect: { HostConfig: { CgroupParent } }, source, destination, allowed: {} }) as unknown as ContainerSubject;

test.each([
  [
    'another one there',
    subject(host('2', '1.1.15'), host('2', '1.1.15', mine)),
    'fail',
    "Docker's own on the source, /mine on the",
  ],
  ['none there', subject(host('2', '1.1.15', mine), host('2', '1.1.15')), 'fail', "/mine on the source, Docker's own on the"],
  ['runc places it', subject(host('2', '1.3.6', mine), host('2', '1.3.6')), 'ok', 'runc places it anew'],
])('%s', async (_, where, status, found) => {
  expect(await cgroupParentCheck.probe(where)).toMatchObject({ status, found: expect.stringContaining(found) });
});

test.each([
  ['the same on both', subject(host('2', '1.1.15', mine), host('2', '1.1.15', mine))],
  ['the container names its own', subject(host('2', '1.1.15', mine), host('2', '1.1.15'), '/own')],
  ['one host alone', subject(host('2', '1.1.15', mine), null)],
])('nothing to say: %s', async (_, where) => {
  expect(await cgroupParentCheck.probe(where)).toBeNull();
});
