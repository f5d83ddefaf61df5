import { expect, test } from 'vitest';
import type { ContainerSubject } from './check.ts';
import { userIdsCheck, userIdsFinding } from './user-ids-check.ts';

const range = '         0     100000      65536\n';
const here = { uid: range, gid: range };
const there = {
  rootFolder: '/var/lib/docker/100000.100000',
  subuid: 'dockremap:100000:65536\nanna:165536:65536\n',
  subgid: 'dockremap:100000:65536\n',
};

test('no map on either side has nothing to say', () => {
  expect(userIdsFinding({ source: null, destination: null })).toBeNull();
});

test('one map on both is well', () => {
  expect(userIdsFinding({ source: here, destination: there })).toEqual({
    status: 'ok',
    found: 'user and group ids from 100000+65536 and 100000+65536 on both',
  });
});

test.each([
  ['on the source alone', { source: here, destination: null }, /remapped on the source, and would not be on the destination/],
  ['on the destination alone', { source: null, destination: there }, /the destination remaps user ids/],
  [
    'another start',
    { source: here, destination: { ...there, rootFolder: '/var/lib/docker/165536.100000' } },
    /100000\+65536 and 100000\+65536 on the source, 165536\+65536 and 100000\+65536 on the destination/,
  ],
  [
    'another length',
    { source: here, destination: { ...there, subgid: 'dockremap:100000:1000\n' } },
    /100000\+1000 on the destination/,
  ],
  [
    'several ranges on the destination',
    { source: here, destination: { ...there, subuid: 'dockremap:100000:65536\ndockremap:300000:65536\n' } },
    /unknown and 100000\+65536 on the destination/,
  ],
  ['several on the source', { source: { uid: '0 1000 1\n1 100000 65536\n', gid: range }, destination: there }, /are unknown and/],
  ['not to be read', { source: { uid: '', gid: '' }, destination: there }, /are unknown and unknown on the source/],
  ['a root folder that tells nothing', { source: here, destination: { ...there, rootFolder: '/srv/docker' } }, /unknown on the/],
])('refused: %s', (_, ids, found) => {
  expect(userIdsFinding(ids)).toMatchObject({ status: 'fail', found: expect.stringMatching(found) });
});

test('what is read: the namespace of the container, and the files of a destination that remaps it', async () => {
  const subject = (UsernsMode: string, own: boolean) =>
    ({
      inspect: { State: { Pid: 7 }, HostConfig: { UsernsMode } },
      source: { host: { shell: { run: async () => ({ stdout: own ? 'own\n' : `${range}\n-\n${range}` }) } } },
      destination: {
        info: { SecurityOptions: ['name=seccomp,profile=builtin', 'name=userns'], DockerRootDir: there.rootFolder },
        host: { shell: { run: async () => ({ stdout: `${there.subuid}\n-\n${there.subgid}` }) } },
      },
    }) as unknown as ContainerSubject;
  expect(await userIdsCheck.probe(subject('', false))).toMatchObject({ status: 'ok' });
  expect(await userIdsCheck.probe(subject('', true))).toMatchObject({ status: 'fail' });
  expect(await userIdsCheck.probe(subject('host', true))).toBeNull();
});
