import type { ContainerInspectInfo } from 'dockerode';
import type { Host } from './host.ts';

// /proc/net/{tcp,udp}[6]: `sl local rem st tx:rx tr:when retrnsmt uid timeout inode …`, addresses in hexadecimal, state 01 established, 07 bound (UDP), 0A listening
// (Linux include/net/tcp_states.h).
export interface Socket {
  readonly protocol: 'tcp' | 'udp';
  readonly localAddress: string;
  readonly localPort: number;
  readonly remoteAddress: string;
  readonly remotePort: number;
  readonly state: string;
  readonly inode: string;
}

/** What is bound on the host itself: `tcp/6379`. */
export async function listeningPorts(host: Host): Promise<ReadonlySet<string>> {
  const sockets = await readSockets(host, '/proc/net');
  return new Set(sockets.filter(isBound).map(({ protocol, localPort }) => `${protocol}/${localPort}`));
}

/**
 * Peers of a container's established TCP connections, without its talks with itself. In a network namespace that it shares
 * (the host's, another container's) only the sockets that one of its processes holds are its own.
 */
export async function peersOf(host: Host, { Id, State, HostConfig }: ContainerInspectInfo): Promise<readonly string[]> {
  const sockets = await readSockets(host, `/proc/${State.Pid}/net`);
  const isShared = /^(host$|container:)/.test(HostConfig.NetworkMode ?? '');
  const held = isShared ? await heldSockets(host, Id) : null;
  return sockets
    .filter(({ protocol, state, inode }) => protocol === 'tcp' && state === '01' && (held === null || held.has(inode)))
    .filter(({ remoteAddress }) => !/^(127\.|::1$)/.test(remoteAddress))
    .map(({ remoteAddress, remotePort }) => `${remoteAddress}:${remotePort}`);
}

/** The host's own sockets, told apart by whether a process of this container holds them. One that is closing is nobody's, and left out. */
export async function hostSockets(host: Host, { Id }: ContainerInspectInfo) {
  const [sockets, held] = await Promise.all([readSockets(host, '/proc/net'), heldSockets(host, Id)]);
  const isHeld = ({ inode }: Socket) => held.has(inode);
  const owned = sockets.filter(({ inode }) => inode !== '0');
  return { own: owned.filter(isHeld), others: owned.filter((socket) => !isHeld(socket)) };
}

async function heldSockets(host: Host, id: string): Promise<ReadonlySet<string>> {
  const top = (await host.docker.getContainer(id).top({ ps_args: '-eo pid' })) as { Processes: readonly string[][] };
  const pids = top.Processes.map(([pid]) => Number(pid)).join(' ');
  const { stdout } = await host.shell.run(`for p in ${pids}; do ls -l /proc/$p/fd; done 2>/dev/null`);
  return new Set([...stdout.matchAll(/socket:\[(\d+)\]/g)].map(([, inode]) => inode ?? ''));
}

export function isBound({ protocol, state, remotePort }: Socket): boolean {
  return protocol === 'tcp' ? state === '0A' : state === '07' && remotePort === 0;
}

async function readSockets(host: Host, folder: string): Promise<readonly Socket[]> {
  const { stdout } = await host.shell.run(`for n in tcp tcp6 udp udp6; do sed "s/^/$n /" ${folder}/$n 2>/dev/null; done`);
  return stdout.split('\n').flatMap((line) => {
    const match =
      /^(tcp|udp)6? +\d+: ([0-9A-F]+):([0-9A-F]{4}) ([0-9A-F]+):([0-9A-F]{4}) ([0-9A-F]{2}) \S+ \S+ \S+ +\d+ +\d+ (\d+)/.exec(
        line,
      );
    if (match === null) return [];
    const [, protocol, address = '', local = '', remote = '', remotePort = '', state = '', inode = ''] = match;
    const ports = { localPort: Number.parseInt(local, 16), remotePort: Number.parseInt(remotePort, 16) };
    const addresses = { localAddress: addressOf(address), remoteAddress: addressOf(remote) };
    return [{ protocol: protocol as 'tcp' | 'udp', ...addresses, ...ports, state, inode }];
  });
}

/** Four bytes at a time in the machine's order (little-endian on all that Docker runs on but s390x). */
export function addressOf(hex: string): string {
  const words = (hex.match(/.{8}/g) ?? []).map((word) => (word.match(/../g) ?? []).reverse());
  const bytes = words.flat().map((byte) => Number.parseInt(byte, 16));
  if (bytes.length === 4) return bytes.join('.');
  const isMapped = bytes.slice(0, 10).every((byte) => byte === 0) && bytes[10] === 255 && bytes[11] === 255;
  if (isMapped) return bytes.slice(12).join('.');
  if (bytes.slice(0, 15).every((byte) => byte === 0) && bytes[15] === 1) return '::1';
  const groups = Array.from({ length: 8 }, (_, index) =>
    (((bytes[2 * index] ?? 0) << 8) | (bytes[2 * index + 1] ?? 0)).toString(16),
  );
  return `[${groups.join(':')}]`;
}
