import { randomInt } from 'node:crypto';
import { TransshipError } from '../../error.ts';
import type { Host } from '../../hosts/host.ts';
import { canonical, ownAddresses } from '../../hosts/listeners.ts';
import { listeningPorts } from '../../hosts/proc-net.ts';
import { readRuncConf } from '../../hosts/runc-conf.ts';
import type { Way } from '../whole/route.ts';
import { type DirectKind, type DirectState, isByFile, isLazy } from './state.ts';

/** Below the ports that the kernel gives to clients (ip_local_port_range begins at 32768). */
export const pagePorts = { first: 20_000, last: 31_999 } as const;

/**
 * The addresses by which the hosts see each other, and a port that is free on the one that will listen: `wished`, where somebody wishes one, else the one that was tried before.
 * @throws TransshipError `not-ready` when the hosts reach each other only through the controller, or by an address at which nobody can listen, or that port is taken
 */
export async function findChannel(
  route: Way,
  kind: DirectKind,
  { wished, tried }: { readonly wished?: number | undefined; readonly tried?: number | null } = {},
): Promise<DirectState['channel']> {
  if (route.ssh === null) throw unreached(route, route.reason);
  // sshd(8): SSH_CONNECTION holds the client's address and port, the server's address and port
  const { exitCode, stdout, stderr } = await route.source.shell.run(`${route.ssh} 'echo "$SSH_CONNECTION"'`);
  if (exitCode !== 0) throw unreached(route, stderr.trim().split('\n').at(-1) ?? '');
  const [source = '', , destination = ''] = stdout.trim().split(' ');
  const listener = isLazy(kind) ? route.source : route.destination;
  if (!isByFile(kind)) await refuseAddress(listener, isLazy(kind) ? source : destination);
  const taken = await listeningPorts(listener);
  if (wished !== undefined) return { source, destination, port: unlessTaken(wished, taken, listener) };
  return { source, destination, port: tried != null && !taken.has(`tcp/${tried}`) ? tried : freePort(taken) };
}

function unreached({ source, destination }: Way, reason: string | null): TransshipError {
  return new TransshipError(
    'not-ready',
    `${source.name} does not reach ${destination.name} by ssh (${reason}), so memory cannot go straight there`,
    `let root on ${source.name} log in on ${destination.name} by key, or use --strategy docker`,
  );
}

function freePort(taken: ReadonlySet<string>): number {
  for (;;) {
    const port = randomInt(pagePorts.first, pagePorts.last + 1);
    if (!taken.has(`tcp/${port}`)) return port;
  }
}

function unlessTaken(port: number, taken: ReadonlySet<string>, { name }: Host): number {
  if (!taken.has(`tcp/${port}`)) return port;
  const hint = `who listens there: ss -ltnp 'sport = :${port}'; or name another one`;
  throw new TransshipError('not-ready', `${name}: port ${port}, which --page-port names, is taken`, hint);
}

/** CRIU knows no zones (`%eth0`), and can listen at an address of the host itself alone. */
async function refuseAddress(listener: Host, address: string): Promise<void> {
  const refusal = (why: string, hint: string) =>
    new TransshipError('not-ready', `${listener.name}: memory cannot come by ${address}, ${why}`, hint);
  if (/^fe[89ab]/i.test(address) || address.includes('%')) {
    const hint = 'name the destination by an address that is not link-local, or use --strategy cold or docker';
    throw refusal('a link-local address, which CRIU cannot take', hint);
  }
  const own = await ownAddresses(listener);
  if (own.length === 0 || own.includes(canonical(address))) return; // none: ip(8) did not tell
  const hint =
    'let the hosts reach each other by addresses of their own, or use --strategy cold or docker: they need no listener';
  throw refusal(
    'by which the other host sees it: it has none such of its own (translated on the way, or by another host?)',
    hint,
  );
}

/** CRIU's work folder: that of /etc/criu/runc.conf, which CRIU obeys before anything that runc says, else the move's own. */
export async function workFolder(host: Host, folder: string): Promise<string> {
  return (await readRuncConf(host)).get('work-dir') ?? `${folder}/work`;
}
