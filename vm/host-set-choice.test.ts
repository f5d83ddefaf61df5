import { expect, test } from 'vitest';
import { chooseHostSet, refuseOtherVersions, refuseWithoutVm } from './host-set-choice.ts';

const none = { packages: undefined, criu: undefined, docker: undefined };

test.each([
  [none, 'debian13'],
  [{ ...none, criu: '4.2' }, 'debian13'],
  [{ ...none, docker: '28' }, 'testing'],
  [{ ...none, criu: '4.1.1' }, 'debian13-plain'],
  [{ ...none, criu: '3.17', docker: '20.10' }, 'debian12'],
  [{ ...none, packages: 'testing', criu: '4.2.1' }, 'testing'],
] as const)('%j is %s', (wish, set) => {
  expect(chooseHostSet(wish)).toBe(set);
});

test('a version that no set has, or not together: what there is', () => {
  expect(() => chooseHostSet({ ...none, criu: '4', docker: '20' })).toThrow(
    expect.objectContaining({
      code: 'usage',
      message: 'no set of packages has CRIU 4 and Docker 20',
      hint: expect.stringContaining('debian12 (CRIU 3.17.1, Docker 20.10.24)'),
    }),
  );
  expect(() => chooseHostSet({ ...none, criu: '4.20' })).toThrow(/no set of packages has CRIU 4\.20/);
});

test('what the mirror had by then is not what was asked for', () => {
  const has = { criu: '4.3', docker: '26.1.5', containerd: '1.7.24', runc: '1.1.15' };
  expect(() => refuseOtherVersions(has, { criu: undefined, docker: '26.1' })).not.toThrow();
  expect(() => refuseOtherVersions(has, { criu: '4.2.1', docker: undefined })).toThrow(
    expect.objectContaining({ code: 'not-ready', message: 'CRIU 4.2.1 is gone from the mirror: the hosts would have 4.3' }),
  );
});

test('a set that boots systemd needs virtual machines, and it is said', () => {
  expect(() => refuseWithoutVm('debian13')).not.toThrow();
  expect(() => refuseWithoutVm('debian13-systemd')).toThrow(
    expect.objectContaining({
      code: 'usage',
      message: '--packages debian13-systemd: its hosts boot systemd with AppArmor, which needs a kernel of their own',
      hint: 'add --kind vm',
    }),
  );
});
