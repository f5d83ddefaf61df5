import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { packageRoot } from '../../evidence/run-folder.ts';
import { earlyNetwork, networkSysctls } from './early-network.ts';

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
