import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { hostSets } from '../../../vm/versions.ts';
import type { HostFacts } from '../../evidence/manifest.ts';
import { packageRoot } from '../../evidence/run-folder.ts';
import { earlyNetwork, networkSysctls, notTried } from './early-network.ts';

/** As Docker wrote them for `docker run -d -p 7000:6379`. */
const bundle = (name: string) => readFileSync(join(packageRoot(), 'test/fixtures/bundles', `${name}.json`), 'utf8');
const docker26 = bundle('docker-26.1.5');

test('Docker 26: the hook goes, the namespace gets its path, all else stays as it was written', () => {
  const early = earlyNetwork(docker26);
  if ('left' in early) throw new Error(early.left);
  expect(early.hook.slice(0, 3)).toEqual(['/proc/46/exe', 'libnetwork-setkey', '-exec-root=/var/run/docker']);
  expect(early.hook).toHaveLength(5);
  const joining = JSON.parse(early.joining('/run/docker/netns/0123'));
  const before = JSON.parse(docker26);
  expect(joining.hooks).toEqual({ prestart: [] });
  expect(joining.linux.namespaces).toContainEqual({ type: 'network', path: '/run/docker/netns/0123' });
  joining.hooks = before.hooks;
  joining.linux.namespaces = before.linux.namespaces;
  expect(joining).toEqual(before);
});

test('a number that JavaScript has not is not rounded', () => {
  const text = docker26.replace('"linux":{', '"linux":{"limit":9223372036854771712,');
  const early = earlyNetwork(text);
  expect('left' in early ? early.left : early.joining('/x')).toContain('9223372036854771712');
});

test.each([
  ['Docker 28 has no hook', bundle('docker-28.5.2'), /no hook/],
  ['the host network', docker26.replace('{"type":"network"},', ''), /no network namespace/],
  ['CAP_NET_ADMIN', docker26.replace('"bounding":[', '"bounding":["CAP_NET_ADMIN",'), /CAP_NET_ADMIN/],
  ['a user namespace', docker26.replace('{"type":"network"},', '{"type":"network"},{"type":"user"},'), /user namespace/],
  ['a second hook', docker26.replace('"prestart":[', '"prestart":[{"path":"/bin/true","args":["true"]},'), /not alone/],
  ['another way of writing', JSON.stringify(JSON.parse(docker26), null, 1), /not written/],
])('left to the restore: %s', (_what, config, reason) => {
  expect(earlyNetwork(config)).toEqual({ left: expect.stringMatching(reason) });
});

test('the sysctls of the network alone', () => {
  expect(networkSysctls(docker26.replace('"sysctl":{', '"sysctl":{"kernel.shm_rmid_forced":"1",'))).toBe(
    'net/ipv4/ip_unprivileged_port_start 0\nnet/ipv4/ping_group_range 0 2147483647\n',
  );
});

describe('it is on only with versions that were tried, on both hosts', () => {
  const host = (name: string, versions: HostFacts['versions']) => ({ name, versions }) as HostFacts;
  // as the daemons say them
  const known = { docker: '26.1.5+dfsg1', containerd: '1.7.24~ds1', runc: '1.1.15+ds1', criu: '4.2.1' };

  test('the test hosts that are used by default have them', () => {
    expect(notTried([host('a', known), host('b', hostSets.debian13)])).toBeNull();
  });

  test.each([
    ['docker', '28.5.2', 'not tried with docker 28.5.2 on b (with 26.1.5 it was)'],
    ['containerd', '2.1.9', 'not tried with containerd 2.1.9 on b (with 1.7.24 it was)'],
    ['containerd', null, 'not tried with containerd (unknown) on b (with 1.7.24 it was)'],
    ['runc', '1.3.6', 'not tried with runc 1.3.6 on b (with 1.1.15 it was)'],
    ['criu', '4.1.1', 'not tried with criu 4.1.1 on b (with 4.2.1 it was)'],
    ['criu', '4.2', 'not tried with criu 4.2 on b (with 4.2.1 it was)'],
  ] as const)('%s %s: %s', (program, version, reason) => {
    expect(notTried([host('a', known), host('b', { ...known, [program]: version })])).toBe(reason);
    expect(notTried([host('b', { ...known, [program]: version }), host('a', known)])).toBe(reason);
  });
});
