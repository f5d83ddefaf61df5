import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { expect, test } from 'vitest';
import { hostFile } from './host-files.ts';

/** "takes the cork out of its connection" (uncork.sh): a program that corks its socket as CRIU does, and then sends 24 bytes. */
const corked = `
  use Socket qw(:all);
  socket my $socket, AF_INET, SOCK_STREAM, 0 or die; connect $socket, pack_sockaddr_in $ARGV[0], INADDR_LOOPBACK or die;
  setsockopt $socket, IPPROTO_TCP, TCP_CORK, 1; print "corked\\n"; close STDOUT;
  <STDIN>; print $socket unpack 'i', getsockopt $socket, IPPROTO_TCP, TCP_CORK`;

async function corkAfter(isUncorked: boolean): Promise<string> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  const accepted = once(server, 'connection');
  const program = spawn('perl', ['-e', corked, String(port)]);
  await once(program.stdout, 'data');
  const [socket] = (await accepted) as [Socket];
  // status 0: it was corked, and is not any more
  const uncork = () => spawnSync('sh', ['-s', String(program.pid), '9'], { input: hostFile('uncork'), timeout: 10_000 });
  if (isUncorked) expect(uncork().status).toBe(0);
  program.stdin.end('\n');
  let said = '';
  for await (const bytes of socket) said += bytes;
  server.close();
  return said;
}

test('a corked socket of another process is uncorked', async () => {
  expect(await corkAfter(false)).toBe('1');
  expect(await corkAfter(true)).toBe('0');
});

test('it ends with the process that it looks at', () => {
  const { status } = spawnSync('sh', ['-s', '999999999', '9'], { input: hostFile('uncork'), timeout: 10_000 });
  expect(status).toBe(1);
});
