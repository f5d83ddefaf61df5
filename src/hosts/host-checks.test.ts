import { expect, test } from 'vitest';
import type { HostSubject } from './check.ts';
import { hostChecks } from './host-checks.ts';

test.each([
  [
    ['name=seccomp,profile=builtin', 'name=userns'],
    { status: 'fail', found: expect.stringMatching(/\(userns-remap\): in a user/) },
  ],
  [['name=rootless', 'name=cgroupns'], { status: 'fail', found: 'the daemon is rootless' }],
  [['name=seccomp,profile=builtin', 'name=cgroupns'], null],
])('a daemon with %j', async (SecurityOptions, finding) => {
  const rootless = hostChecks.find(({ name }) => name === 'rootless');
  const found = await rootless?.probe({ info: { SecurityOptions } } as unknown as HostSubject);
  expect(found).toEqual(finding === null ? null : expect.objectContaining(finding));
});
