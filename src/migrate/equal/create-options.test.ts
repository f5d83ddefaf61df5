import { expect, test } from 'vitest';
import { obstaclesOf } from './create-options.ts';
import type { Inspect } from './inspect.ts';

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
