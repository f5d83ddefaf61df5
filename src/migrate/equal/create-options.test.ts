import { expect, test } from 'vitest';
import { createOptionsOf, obstaclesOf } from './create-options.ts';
import type { ImageInspect, Inspect } from './inspect.ts';

const inspect = (HostConfig: object) =>
  ({ Name: '/web', HostConfig: { NetworkMode: 'bridge', ...HostConfig } }) as unknown as Inspect;

test.each([
  [{ PidMode: 'host' }, /^web has no pid namespace of its own \(--pid host\)/],
  [{ PidMode: 'container:abc' }, /shares a namespace with another container \(container:abc\)/],
  [{ IpcMode: 'host' }, /\/dev\/shm of the host \(--ipc host\)/],
  [{ IpcMode: 'container:abc' }, /shares a namespace with another container/],
])('%o cannot move', (config, message) => {
  expect(obstaclesOf(inspect(config))).toEqual([{ message: expect.stringMatching(message), hint: expect.stringContaining('') }]);
});

test.each([{}, { NetworkMode: 'host' }, { UTSMode: 'host' }, { IpcMode: 'private', PidMode: '' }, { IpcMode: 'shareable' }])(
  '%o can',
  (config) => {
    expect(obstaclesOf(inspect(config))).toEqual([]);
  },
);

test('addresses that Docker chose are told, of IPv6, too; a fixed one is not', () => {
  const toldOf = (IPAMConfig: object) => {
    const endpoint = { IPAMConfig, IPAddress: '172.18.0.2', GlobalIPv6Address: 'fd00:aa::2' };
    const whole = { ...inspect({}), Id: '0'.repeat(64), Config: {}, NetworkSettings: { Networks: { six: endpoint } } };
    const { unequal } = createOptionsOf(
      whole as unknown as Inspect,
      { Id: 'sha256:1', Config: {} } as unknown as ImageInspect,
      'web',
    );
    return unequal.flatMap((line) => /^address (\S+) in six: Docker chose it/.exec(line)?.[1] ?? []);
  };
  expect(toldOf({})).toEqual(['172.18.0.2', 'fd00:aa::2']);
  expect(toldOf({ IPv4Address: '172.18.0.2' })).toEqual(['fd00:aa::2']);
  expect(toldOf({ IPv6Address: 'fd00:aa::2' })).toEqual(['172.18.0.2']);
});
