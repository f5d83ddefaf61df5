import { expect, test } from 'vitest';
import type { HostSubject, PairSubject } from './check.ts';
import { pairChecks } from './pair-checks.ts';

const cgroups = pairChecks.find(({ name }) => name === 'cgroup');

const host = (cgroupVersion: string, CgroupDriver: string, runc = '1.1.15') =>
  ({ facts: { cgroupVersion, versions: { runc } }, info: { CgroupDriver } }) as unknown as HostSubject;
const pair = (source: HostSubject, destination: HostSubject, strategy?: string): PairSubject => ({
  source,
  destination,
  allowed: strategy === undefined ? {} : { strategy },
});

test.each([
  ['2', '1.3.6', 'diskless', 'fail'],
  ['2', '1.3.6', 'docker', 'warn'], // runc tells CRIU where the cgroups are
  ['2', '1.3.6', undefined, 'warn'],
  ['2', '1.1.15', 'docker', 'fail'], // and this one does not
  ['1', '1.1.15', 'post-copy', 'fail'],
  ['1', '1.1.15', 'docker', 'warn'],
])('cgroup version %s, runc %s, drivers that differ, strategy %s: %s', async (version, runc, strategy, status) => {
  expect(await cgroups?.probe(pair(host(version, 'systemd', runc), host(version, 'cgroupfs', runc), strategy))).toEqual({
    status,
    found: 'cgroup driver systemd on the source, cgroupfs on the destination',
    hint: expect.stringContaining('native.cgroupdriver=systemd'),
  });
});

test('the same driver on both is well; versions that differ are told first', async () => {
  const found = async (source: HostSubject, destination: HostSubject) => await cgroups?.probe(pair(source, destination, 'cold'));
  expect(await found(host('2', 'systemd'), host('2', 'systemd'))).toEqual({ status: 'ok', found: 'cgroup version 2 on both' });
  expect(await found(host('1', 'cgroupfs'), host('2', 'systemd'))).toEqual({
    status: 'fail',
    found: 'cgroup version 1 on the source, 2 on the destination',
  });
});
