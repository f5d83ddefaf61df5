import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer } from 'node:net';
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { execaSync } from 'execa';
import { describe, expect, test } from 'vitest';
import { packageRoot } from '../evidence/run-folder.ts';

const file = join(packageRoot(), 'src/wrap/host/knock.pl');

async function knock(...words: readonly (string | number)[]) {
  const child = spawn('perl', [file, ...words.map(String)], { stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  child.stderr.on('data', (chunk) => {
    said += chunk;
  });
  const [status] = await once(child, 'close');
  return { status, said: said.trim() };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  return port;
}

/** Without SO_REUSEADDR, so that a connection that somebody closed here is in the way. */
const bindAndNoMore = `use Socket qw(getaddrinfo AI_NUMERICHOST SOCK_STREAM);
  my (undef, $place) = getaddrinfo(@ARGV, { flags => AI_NUMERICHOST, socktype => SOCK_STREAM });
  socket my $socket, $place->{family}, SOCK_STREAM, 0; bind $socket, $place->{addr} or die "$!\n"`;

const hasIpv6 = Object.values(networkInterfaces()).some((each) => each?.some(({ address }) => address === '::1'));

describe.each(['127.0.0.1', ...(hasIpv6 ? ['::1'] : [])])('a way that is open, at %s', (address) => {
  test('is found open, also by one who comes first, and the port is free at once', async () => {
    const port = await freePort();
    const called = knock('connect', address, port, 10);
    await new Promise((resolve) => setTimeout(resolve, 100));
    const listened = knock('listen', address, port, 11);
    expect(await Promise.all([called, listened])).toEqual([
      { status: 0, said: '' },
      { status: 0, said: '' },
    ]);
    execaSync('perl', ['-e', bindAndNoMore, address, String(port)]);
  });
});

test.each([
  ['nobody listens', 'connect', '127.0.0.1', { status: 1, said: 'Connection refused' }],
  ['nobody comes', 'listen', '127.0.0.1', { status: 1, said: 'nobody has come' }],
  ['an address of another host', 'listen', '192.0.2.1', { status: 2, said: 'Cannot assign requested address' }],
])('%s: it is said, within the limit', async (_case, word, address, expected) => {
  expect(await knock(word, address, await freePort(), 1)).toEqual(expected);
});

test('a port that is taken, by one who takes connections and answers nothing: neither is taken for the other side', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  expect(await knock('listen', '127.0.0.1', port, 1)).toEqual({ status: 2, said: 'Address already in use' });
  expect(await knock('connect', '127.0.0.1', port, 1)).toEqual({ status: 1, said: 'it connects, and nothing comes back' });
  server.close();
});

test('a port on which this side has closed first, a moment ago, is none that is taken', async () => {
  const server = createServer((caller) => caller.end()).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const caller = connect(port, '127.0.0.1').resume();
  await once(caller, 'end'); // and answers with its own end
  server.close();
  await once(server, 'close');
  expect(await knock('listen', '127.0.0.1', port, 1)).toEqual({ status: 1, said: 'nobody has come' });
});
