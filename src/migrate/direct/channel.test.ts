import { expect, test } from 'vitest';
import type { Host } from '../../hosts/host.ts';
import type { Route } from '../whole/route.ts';
import { findChannel } from './channel.ts';

/** Port 8080 (1F90) is taken on b alone. */
const taken = 'tcp   0: 00000000:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4242 1\n';

function route(): Route {
  const host = (name: string, ports: string) => {
    const run = async (command: string) => ({
      stdout: command.includes('SSH_CONNECTION') ? '10.0.0.1 50000 10.0.0.2 22\n' : ports,
    });
    return { name, shell: { run } } as unknown as Host;
  };
  return { source: host('a', ''), destination: host('b', taken), ssh: 'ssh b' } as unknown as Route;
}

test('a port that nobody wishes is one below those of clients', async () => {
  const { port, ...addresses } = await findChannel(route(), 'diskless');
  expect(addresses).toEqual({ source: '10.0.0.1', destination: '10.0.0.2' });
  expect(port >= 20_000 && port <= 31_999).toBe(true);
});

test('one that is wished is taken where it is free on the side that will listen, and refused where it is not', async () => {
  expect((await findChannel(route(), 'post-copy', 8080)).port).toBe(8080);
  await expect(findChannel(route(), 'diskless', 8080)).rejects.toMatchObject({
    code: 'not-ready',
    message: 'b: port 8080, which --page-port names, is taken',
  });
});
