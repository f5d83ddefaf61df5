import type { ContainerInspectInfo } from 'dockerode';
import { expect, test } from 'vitest';
import type { HostSubject } from './check.ts';
import { hostChecks } from './host-checks.ts';
import { needsOf } from './need.ts';
import { isTaken, publishedPorts } from './published-ports.ts';

const size = { memoryBytes: 100, layerBytes: 7 };
const volumes = [{ folder: '/srv', bytes: 30 }];

test('the source holds the memory three times on disk, the destination all that comes as well', () => {
  const { source, destination } = needsOf(size, { imageBytes: 50, volumes, isThroughDocker: true });
  const dump = { folder: '/tmp', bytes: 100 };
  expect(source).toEqual({ memoryBytes: null, disk: [dump, { folder: null, bytes: 200 }] });
  expect(destination).toEqual({ memoryBytes: 100, disk: [{ folder: null, bytes: 257 }, dump, ...volumes] });
});

test('past Docker no memory goes to disk; an image is there twice until it is unpacked', () => {
  const { source, destination } = needsOf(size, { imageBytes: 50, volumes: [], isThroughDocker: false });
  expect(source.disk).toEqual([]);
  expect(destination.disk).toEqual([{ folder: null, bytes: 100 }]);
});

test.each([
  ['overlay2', 'ok'],
  ['vfs', 'fail'],
  ['overlayfs', 'fail'], // containerd's image store
])('storage driver %s: %s', async (Driver, status) => {
  const row = hostChecks.find(({ name }) => name === 'storage-driver');
  expect(await row?.probe({ info: { Driver } } as HostSubject)).toMatchObject({ status });
});

test('a range of ports is taken when none of it is free', () => {
  const inspect = {
    HostConfig: { PortBindings: { '80/tcp': [{ HostPort: '8000-8002' }], '53/udp': [{ HostPort: '53' }, { HostPort: '' }] } },
    Config: {},
  } as unknown as ContainerInspectInfo;
  const [range, single] = publishedPorts(inspect);
  expect([range?.shown, single?.shown]).toEqual(['tcp/8000-8002', 'udp/53']);
  if (range === undefined) throw new Error('no range');
  expect(isTaken(range, new Set(['tcp/8000', 'tcp/8001']))).toBe(false);
  expect(isTaken(range, new Set(['tcp/8000', 'tcp/8001', 'tcp/8002']))).toBe(true);
});
