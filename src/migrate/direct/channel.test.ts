import { describe, expect, test } from 'vitest';
import type { Host } from '../../hosts/host.ts';
import type { Move } from '../step.ts';
import type { Route } from '../whole/route.ts';
import { findChannel } from './channel.ts';
import { dumpSettings, receivingSettings, restoreSettings } from './settings.ts';
import type { DirectState } from './state.ts';

/** Port 8080 (1F90) is taken on b alone. */
const taken = 'tcp   0: 00000000:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4242 1\n';

/** @param connection SSH_CONNECTION, as the destination's sshd tells it @param own addresses of each host */
function routeOf(connection: string, own: { readonly a: readonly string[]; readonly b: readonly string[] }): Route {
  const host = (name: 'a' | 'b') => {
    const addresses = own[name].map((address) => `2: eth0    inet${address.includes(':') ? '6' : ''} ${address}/64 scope global`);
    const run = async (command: string) => ({
      exitCode: 0,
      stdout: command.includes('SSH_CONNECTION')
        ? connection
        : command.startsWith('ip ')
          ? addresses.join('\n')
          : name === 'b'
            ? taken
            : '',
    });
    return { name, shell: { run } } as unknown as Host;
  };
  return { source: host('a'), destination: host('b'), ssh: 'ssh b', reason: null } as unknown as Route;
}

describe('the page channel', () => {
  const plain = routeOf('10.0.0.2 40000 10.0.0.3 22', { a: ['10.0.0.2'], b: ['10.0.0.3'] });
  test.each(['diskless', 'post-copy', 'hybrid', 'cold'] as const)('%s, by addresses of the hosts', async (kind) => {
    expect(await findChannel(plain, kind)).toMatchObject({ source: '10.0.0.2', destination: '10.0.0.3' });
  });

  test('the port is one below those of clients, where nobody wishes one', async () => {
    const { port } = await findChannel(plain, 'diskless');
    expect(port >= 20_000 && port <= 31_999).toBe(true);
  });

  test('one that is wished is taken where it is free on the side that will listen, and refused where it is not', async () => {
    expect((await findChannel(plain, 'post-copy', { wished: 8080 })).port).toBe(8080);
    expect((await findChannel(plain, 'diskless', { tried: 20_123 })).port).toBe(20_123); // free then, and now
    await expect(findChannel(plain, 'diskless', { wished: 8080 })).rejects.toMatchObject({
      code: 'not-ready',
      message: 'b: port 8080, which --page-port names, is taken',
    });
  });

  test('a login that fails when it comes to it: that, and no address that is empty', async () => {
    const run = async () => ({ exitCode: 255, stdout: '', stderr: 'warning: x\nConnection timed out\n' });
    const source = { name: 'a', shell: { run } } as unknown as Host;
    await expect(findChannel({ ...plain, source }, 'diskless')).rejects.toMatchObject({
      code: 'not-ready',
      message: 'a does not reach b by ssh (Connection timed out), so memory cannot go straight there',
    });
  });

  const six = routeOf('fd00::2 40000 fd00::3 22', { a: ['10.0.0.2', 'fd00::2'], b: ['fd00:0::3'] });
  test.each(['diskless', 'post-copy'] as const)('%s, by IPv6', async (kind) => {
    expect(await findChannel(six, kind)).toMatchObject({ source: 'fd00::2', destination: 'fd00::3' });
  });

  const translated = routeOf('192.0.2.1 40000 10.0.0.3 22', { a: ['10.0.0.2'], b: ['10.0.0.3'] });
  test('where the source is seen by another address than its own, it is not waited for there', async () => {
    await expect(findChannel(translated, 'post-copy')).rejects.toMatchObject({
      code: 'not-ready',
      message: expect.stringMatching(/^a: memory cannot come by 192\.0\.2\.1, .*it has none such of its own/),
      hint: expect.stringContaining('--strategy cold'),
    });
    // the destination listens, and what goes by files goes by ssh
    for (const kind of ['diskless', 'cold', 'pre-copy'] as const)
      expect(await findChannel(translated, kind)).toMatchObject({ destination: '10.0.0.3' });
  });

  const local = routeOf('fe80::2%eth0 40000 fe80::3%eth0 22', { a: ['fe80::2'], b: ['fe80::3'] });
  test.each(['diskless', 'post-copy'] as const)('%s, by a link-local address', async (kind) => {
    await expect(findChannel(local, kind)).rejects.toMatchObject({
      code: 'not-ready',
      message: expect.stringMatching(/^[ab]: memory cannot come by fe80::[23]%eth0, a link-local address/),
      hint: expect.stringContaining('not link-local'),
    });
    expect(await findChannel(local, 'cold')).toMatchObject({ source: 'fe80::2%eth0' });
  });
});

test('an IPv6 address has brackets where a port follows, and none where CRIU reads it itself', () => {
  const move = {
    plan: { container: { id: 'abc' }, options: { tcpEstablished: false } },
    route: { ssh: 'ssh b' },
  } as unknown as Move;
  const state = {
    folder: '/f',
    traits: { freezer: '', frozen: '1', thawed: '0', links: [], lanLinks: [], pid: 1, otherLinks: [] },
    work: { source: '/w', destination: '/w' },
    channel: { source: 'fd00::2', destination: 'fd00::3', port: 20123 },
  } as unknown as DirectState;
  const dump = { layers: [], sinceS: 0, bootS: 0, log: null, limitS: 1, runcRoot: '/r' };
  expect(dumpSettings(move, state, { ...dump, kind: 'diskless' })).toContain("words=('--page-server' '[fd00::3]:20123')\n");
  expect(dumpSettings(move, state, { ...dump, kind: 'post-copy' })).toContain("words=('--page-server' '[fd00::2]:20123')\n");
  expect(restoreSettings(move, state, { kind: 'post-copy', merged: '' })).toContain("pages_from='[fd00::2]:20123'\n");
  expect(receivingSettings(move, state, { kind: 'post-copy', toId: 'def' })).toContain("'--address' 'fd00::2'");
});
