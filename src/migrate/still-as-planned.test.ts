import { expect, test } from 'vitest';
import type { Host } from '../hosts/host.ts';
import type { Inspect } from './equal/inspect.ts';
import { refuseChanged } from './still-as-planned.ts';

const running = { Pid: 42, Running: true, Paused: false };
const policy = { Name: 'unless-stopped', MaximumRetryCount: 0 };

function looked(state: object, restart: object): Inspect {
  return { State: state, HostConfig: { RestartPolicy: restart } } as unknown as Inspect;
}

const plan = { container: { name: 'web', id: 'f00' }, inspect: looked(running, policy) };
const hostThatSays = (says: () => Promise<Inspect>) =>
  ({ name: 'a', docker: { getContainer: () => ({ inspect: says }) } }) as unknown as Host;

test('as it was', async () => {
  await refuseChanged(
    plan,
    hostThatSays(async () => looked({ ...running }, { ...policy })),
  );
});

test.each([
  ['started anew', { ...running, Pid: 43 }, policy],
  ['paused', { ...running, Paused: true }, policy],
  ['planned while another migration had put its restart policy off', running, { Name: 'no', MaximumRetryCount: 0 }],
])('%s: refused', async (_what, state, restart) => {
  const changed = hostThatSays(async () => looked(state, restart));
  await expect(refuseChanged(plan, changed)).rejects.toMatchObject({
    code: 'not-ready',
    message: 'a: web is not as it was any more when it was looked at',
  });
});

test('moved away: refused', async () => {
  const gone = hostThatSays(() => Promise.reject(new Error('(HTTP code 404) no such container - No such container: f00 ')));
  await expect(refuseChanged(plan, gone)).rejects.toThrow('a: web is not there any more');
});
