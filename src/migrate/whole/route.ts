import { randomBytes } from 'node:crypto';
import type { Host } from '../../hosts/host.ts';
import { quoteWord } from '../../hosts/link.ts';
import { patient } from '../../hosts/patience.ts';

/** The way that bulk data takes from one host to the other. Opened once a run, since opening it costs a whole ssh handshake. */
export interface Route extends AsyncDisposable {
  readonly source: Host;
  readonly destination: Host;
  /** `direct`: from host to host by ssh. `controller`: through this machine, which costs its bandwidth twice. */
  readonly kind: 'direct' | 'controller';
  /** Why the hosts don't reach each other; null when they do. */
  readonly reason: string | null;
  /** Shell text for the source: the words before a command that shall run on the destination; null through the controller. */
  readonly ssh: string | null;
  /** When it comes, whatever is on its way is given up: the move is rolled back. */
  readonly signal?: AbortSignal;
}

/** Enough for one look at the way between the hosts. */
export type Way = Pick<Route, 'source' | 'destination' | 'reason' | 'ssh'>;

type Ends = Pick<Route, 'source' | 'destination' | 'signal'>;

/** For a login: ConnectTimeout ends before it (ssh_config(5)). */
const loginLimitMs = 15_000;
const openTimeoutMs = 30_000;

/**
 * Finds out whether the source reaches the destination, and keeps that connection open: a new ssh handshake would cost
 * tens of milliseconds between freeze and resume, a command over an open one about seven.
 * A master that nobody closes (killed controller) ends by itself after ten idle minutes.
 */
export async function openRoute(pair: Ends): Promise<Route> {
  const words = pair.destination.sshFromPeer;
  if (words === null) return controllerRoute(pair, `${pair.destination.name} has no address for other hosts`);
  const socket = `/run/transship/peer-${randomBytes(6).toString('hex')}`;
  const peer = words.map(quoteWord).join(' ');
  const common = `-S ${socket} -o BatchMode=yes -o ConnectTimeout=${patient(10)}`;
  const master =
    `ssh -fNM ${common} -o ControlPersist=600 -o ServerAliveInterval=5 -o ServerAliveCountMax=3 ` +
    // With AES instructions several times as fast as the default; taken only where both sides have it.
    `-o Ciphers=^aes128-gcm@openssh.com -E ${socket}.log ${peer} </dev/null >/dev/null 2>&1`;
  const ssh = `ssh ${common} -o ControlMaster=no ${peer}`;
  const limit = `timeout -k 1 ${patient(loginLimitMs) / 1e3}`;
  const opening = pair.source.shell.run(
    `mkdir -p -m 700 /run/transship; ${limit} ${master}; status=$?; cat ${socket}.log >&2
     [ $status != 124 ] || echo 'no login within ${patient(loginLimitMs) / 1e3} s' >&2
     [ $status = 0 ] && ${limit} ${ssh} ${quoteWord(asRoot('true'))} && rm ${socket}.log`,
    { timeoutMs: openTimeoutMs },
  );
  // whatever comes of it, no master and no file of it stays
  const opened = await opening.catch(async (error) => {
    await closeMaster(pair.source, socket, peer);
    throw error;
  });
  if (opened.exitCode !== 0) {
    await closeMaster(pair.source, socket, peer);
    return controllerRoute(pair, lastLine(opened.stderr) || `ssh ended with status ${opened.exitCode}`);
  }
  return {
    ...pair,
    kind: 'direct',
    reason: null,
    ssh,
    [Symbol.asyncDispose]: () => closeMaster(pair.source, socket, peer),
  };
}

/** The warning that is due when the data has to go through this machine; null on a direct route. */
export function routeWarning(route: Route): string | null {
  if (route.kind === 'direct') return null;
  return (
    `${route.source.name} does not reach ${route.destination.name} by ssh (${route.reason}): ` +
    'image, files and checkpoint go through this machine, over its line twice, and the copy after the freeze adds to the downtime'
  );
}

/** Shell text that runs a simple command as root: as it is for root, else by `sudo -n`. */
export function asRoot(command: string): string {
  return `if [ "$(id -u)" = 0 ]; then exec ${command}; else exec sudo -n ${command}; fi`;
}

/** The same in double quotes for a shell that puts its words in the place of `words` first; `id` is still for the other end. */
export function asRootQuoted(words: '$*' | '$1'): string {
  return `"${asRoot(words).replaceAll('"', '\\"').replaceAll('$(', '\\$(')}"`;
}

function controllerRoute(pair: Ends, reason: string): Route {
  return { ...pair, kind: 'controller', reason, ssh: null, [Symbol.asyncDispose]: async () => {} };
}

async function closeMaster(source: Host, socket: string, peer: string): Promise<void> {
  // A shell that is gone takes nothing with it that matters: the master ends by itself.
  // One that was killed leaves its socket; one that hears nobody is killed: nobody else has that name in his words, which ssh makes its title.
  const command = `timeout -k 1 2 ssh -S ${socket} -O exit ${peer} >/dev/null 2>&1 || pkill -KILL -f '^ssh.*${socket}'; rm -f ${socket} ${socket}.*`;
  await source.shell.run(command, { timeoutMs: 10_000 }).catch(() => {});
}

function lastLine(text: string): string {
  return text.trim().split('\n').at(-1) ?? '';
}
