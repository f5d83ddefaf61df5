import type { Host } from './host.ts';

// /proc/net/{tcp,udp}[6]: `sl local rem st …`, addresses in hexadecimal, state 01 established, 07 bound (UDP), 0A listening
// (Linux include/net/tcp_states.h).
interface Socket {
  readonly protocol: 'tcp' | 'udp';
  readonly localPort: number;
  readonly remoteAddress: string;
  readonly remotePort: number;
  readonly state: string;
}

/** What is bound on the host itself: `tcp/6379`. */
export async function listeningPorts(host: Host): Promise<ReadonlySet<string>> {
  const sockets = await readSockets(host, '/proc/net');
  return new Set(sockets.filter(isBound).map(({ protocol, localPort }) => `${protocol}/${localPort}`));
}

/** Peers of the established TCP connections in a process's network namespace, without its talks with itself. */
export async function clientsOf(host: Host, pid: number): Promise<readonly string[]> {
  const sockets = (await readSockets(host, `/proc/${pid}/net`)).filter(
    ({ protocol, state }) => protocol === 'tcp' && state === '01',
  );
  return sockets
    .filter(({ remoteAddress }) => !/^(127\.|::1$)/.test(remoteAddress))
    .map(({ remoteAddress, remotePort }) => `${remoteAddress}:${remotePort}`);
}

function isBound({ protocol, state, remotePort }: Socket): boolean {
  return protocol === 'tcp' ? state === '0A' : state === '07' && remotePort === 0;
}

async function readSockets(host: Host, folder: string): Promise<readonly Socket[]> {
  const { stdout } = await host.shell.run(`for n in tcp tcp6 udp udp6; do sed "s/^/$n /" ${folder}/$n 2>/dev/null; done`);
  return stdout.split('\n').flatMap((line) => {
    const match = /^(tcp|udp)6? +\d+: [0-9A-F]+:([0-9A-F]{4}) ([0-9A-F]+):([0-9A-F]{4}) ([0-9A-F]{2}) /.exec(line);
    if (match === null) return [];
    const [, protocol, local = '', remote = '', remotePort = '', state = ''] = match;
    const ports = { localPort: Number.parseInt(local, 16), remotePort: Number.parseInt(remotePort, 16) };
    return [{ protocol: protocol as 'tcp' | 'udp', ...ports, remoteAddress: addressOf(remote), state }];
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
