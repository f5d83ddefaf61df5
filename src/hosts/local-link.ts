import { createConnection } from 'node:net';
import { userInfo } from 'node:os';
import { execa } from 'execa';
import { type Link, openProcess } from './link.ts';

/** This machine as a host. */
export function localLink(name: string, socketPath: string): Link {
  const { uid, username } = userInfo();
  return {
    name,
    login: { user: username, uid },
    start: (commandLine) => execa('/bin/sh', ['-c', commandLine], openProcess),
    dialSocket: () => createConnection(socketPath),
    ended: () => null,
    [Symbol.asyncDispose]: async () => {},
  };
}
