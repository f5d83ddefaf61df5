import { createConnection, createServer, type Socket } from 'node:net';
import { userInfo } from 'node:os';
import { execa } from 'execa';
import { TransshipError } from '../error.ts';
import { type Link, openProcess } from './link.ts';

/** This machine as a host. */
export function localLink(name: string, socketPath: string): Link {
  const { uid, username } = userInfo();
  return {
    name,
    login: { user: username, uid },
    start: (commandLine) => execa('/bin/sh', ['-c', commandLine], openProcess),
    dialSocket: () => createConnection(socketPath),
    forwardPort: (port, toSocket) => forwardLocally(name, port, toSocket),
    ended: () => null,
    [Symbol.asyncDispose]: async () => {},
  };
}

/** What ssh does for other hosts. */
async function forwardLocally(name: string, port: number, toSocket: string): Promise<AsyncDisposable> {
  const open = new Set<Socket>();
  const server = createServer((socket) => {
    open.add(socket.once('close', () => open.delete(socket)));
    const far = createConnection(toSocket);
    for (const [one, other] of [
      [socket, far],
      [far, socket],
    ] as const)
      one.on('error', () => other.destroy()).pipe(other);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(port, '127.0.0.1', resolve);
  }).catch((cause: NodeJS.ErrnoException) => {
    const hint = cause.code === 'EADDRINUSE' ? `ss -ltnp 'sport = :${port}' says who listens there` : 'take a port above 1023';
    throw new TransshipError('not-ready', `${name}: port ${port} of its loopback address cannot be had (${cause.code})`, hint, {
      cause,
    });
  });
  return {
    [Symbol.asyncDispose]: async () => {
      for (const socket of open) socket.destroy();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}
