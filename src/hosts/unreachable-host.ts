import { Duplex } from 'node:stream';
import { TransshipError } from '../error.ts';
import { openDockerApi } from './docker-api.ts';
import type { Host } from './host.ts';
import type { Link } from './link.ts';

/** Stands for a host that could not be reached: whatever is asked of it fails at once, with the reason. */
export async function unreachableHost(name: string, endpoint: string, reason: Error): Promise<Host> {
  const refuse = () => {
    const hint = reason instanceof TransshipError ? reason.hint : `is ${name} up? transship doctor checks it`;
    return Promise.reject(new TransshipError('not-ready', reason.message, hint, { cause: reason }));
  };
  const link = { name, ended: () => reason.message } as unknown as Link; // nothing else is asked of it
  const { docker, close } = await openDockerApi(link, () => closedStream(reason), { onApiCall: () => {}, traceId: () => null });
  const shell = { run: refuse, [Symbol.asyncDispose]: async () => {} };
  return {
    name,
    endpoint,
    docker,
    shell,
    address: null,
    networkPrefix: [],
    unreached: null,
    sshFromPeer: null,
    facts: refuse,
    openShell: refuse,
    spawn: () => {
      throw reason;
    },
    forwardPort: refuse,
    observe: () => {},
    [Symbol.asyncDispose]: async () => close(),
  };
}

function closedStream(reason: Error): Duplex {
  const nothing = () => {};
  const stream = new Duplex({ read: nothing, write: (_chunk, _encoding, done) => done(reason) });
  process.nextTick(() => stream.destroy(reason));
  return Object.assign(stream, { ref: nothing, unref: nothing, setKeepAlive: nothing, setTimeout: nothing });
}
