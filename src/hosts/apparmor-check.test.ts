import { expect, test } from 'vitest';
import { confinementFinding } from './apparmor-check.ts';

const loaded = ['docker-default', 'runc'];

test.each([
  ['alike', { profile: 'docker-default', isOnThere: true, loaded }, 'ok', 'profile docker-default on both'],
  ['one of its own, there too', { profile: 'runc', isOnThere: true, loaded }, 'ok', 'profile runc on both'],
  ['one of its own, not there', { profile: 'mine', isOnThere: true, loaded }, 'fail', 'the destination has no profile mine'],
  ['off there', { profile: 'docker-default', isOnThere: false, loaded: [] }, 'fail', /no AppArmor on the destination$/],
  ['off here', { profile: '', isOnThere: true, loaded }, 'warn', /^no AppArmor on the source/],
  ['unconfined', { profile: 'unconfined', isOnThere: true, loaded }, 'ok', 'unconfined on both'],
])('AppArmor, %s', (_, confinement, status, found) => {
  const expected = typeof found === 'string' ? found : expect.stringMatching(found);
  expect(confinementFinding(confinement)).toMatchObject({ status, found: expected });
});

test('hosts without AppArmor have nothing to say of it', () => {
  expect(confinementFinding({ profile: '', isOnThere: false, loaded: [] })).toBeNull();
  expect(confinementFinding({ profile: 'unconfined', isOnThere: false, loaded: [] })).toBeNull();
});
