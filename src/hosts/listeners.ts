import type { Host } from './host.ts';

/** Does anybody listen for TCP on exactly this address? One that listens on all addresses does not. Of ss (iproute2). */
export async function isListening(host: Host, address: string, port: number): Promise<boolean> {
  const { stdout } = await host.shell.run(`ss -Htln 'sport = :${port}'`);
  return listeningAddresses(stdout).includes(canonical(address));
}

/** Local addresses of the lines of `ss -Htln`: `LISTEN 0 4096 [::1]%lo:631 [::]:*`, without ports. */
export function listeningAddresses(lines: string): readonly string[] {
  return [...lines.matchAll(/^LISTEN +\d+ +\d+ +(\S+):\d+ /gm)].map(([, local = '']) => canonical(local));
}

/** The host's own addresses; a translated one, by which others see it, is none of them. */
export async function ownAddresses(host: Host): Promise<readonly string[]> {
  const { stdout } = await host.shell.run('ip -o address show');
  return [...stdout.matchAll(/^\d+: \S+ +inet6? (\S+?)[/ ]/gm)].map(([, own = '']) => canonical(own));
}

/** As it stands before a port, and in a filter of ss(8). */
export function bracketed(address: string): string {
  return address.includes(':') ? `[${address}]` : address;
}

/** One spelling (RFC 5952) for an IPv6 address: it may come with brackets, or with the zone of a link-local one. */
export function canonical(address: string): string {
  const bare = address.replace(/%[^\]]*/, '').replace(/^\[(.*)\]$/, '$1');
  return bare.includes(':') ? new URL(`http://[${bare}]`).hostname.slice(1, -1) : bare;
}
