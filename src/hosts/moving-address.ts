import { type ContainerSubject, type Finding, fail, ok } from './check.ts';
import type { Host } from './host.ts';
import { quoteWord } from './link.ts';
import { hostSockets, isBound, type Socket } from './proc-net.ts';

/** An address of an interface, as `ip -j address show` tells (ip-address(8)). */
export interface InterfaceAddress {
  readonly family: string;
  readonly local: string;
  readonly prefixlen: number;
  readonly broadcast?: string;
  readonly scope?: string;
  readonly label?: string;
  readonly secondary?: boolean;
  readonly dynamic?: boolean;
  readonly noprefixroute?: boolean;
}

/** Where the address is, or will be. */
export interface AddressPlace {
  readonly device: string;
  /** The words of `ip address replace`. */
  readonly words: readonly string[];
}

interface Interface {
  readonly ifname: string;
  readonly link_type: string;
  readonly address?: string;
  readonly addr_info: readonly InterfaceAddress[];
}

/** @returns where the address is on the source, and will be on the destination; or the reason why it cannot move */
export async function placesOf(
  address: string,
  source: Host,
  destination: Host,
): Promise<{ readonly source: AddressPlace; readonly destination: AddressPlace } | Finding> {
  const from = await onSource(source, address);
  if ('status' in from) return from;
  const device = await onDestination(destination, { address, from, source });
  if (typeof device === 'object') return device;
  const own = from.addr_info.find(({ local }) => local === address);
  if (own === undefined) throw new Error(`${address} was there a moment ago`);
  return {
    source: { device: from.ifname, words: wordsOf(own, own.label) },
    // a label begins with the name of the interface
    destination: { device, words: wordsOf(own, undefined) },
  };
}

/** Can it move with this container, and with nothing else? */
export async function movingAddressFinding(
  address: string,
  { inspect, source, destination }: ContainerSubject,
): Promise<Finding> {
  if (inspect.HostConfig.NetworkMode !== 'host')
    return fail("it is not on the host network, so its addresses are no host's", 'leave out --moving-address');
  for (const { host } of [source, ...(destination === null ? [] : [destination])])
    if ((await host.shell.run('command -v nft && command -v ss')).exitCode !== 0)
      return fail(`nft or ss is missing on ${host.name}`, 'apt-get install nftables iproute2');
  const attached = attachedElsewhere(address, await hostSockets(source.host, inspect));
  if (attached !== null) return attached;
  const from =
    destination === null ? await onSource(source.host, address) : await placesOf(address, source.host, destination.host);
  if ('status' in from) return from;
  if ('ifname' in from) return ok(`${address} of ${from.ifname} moves along`);
  return ok(`${address} moves along: from ${from.source.device} to ${from.destination.device} of ${destination?.host.name}`);
}

async function onSource(host: Host, address: string): Promise<Interface | Finding> {
  const [interfaces = '[]', routes = '[]'] = (
    await host.shell.run('ip -j address show; ip -j -4 route show table all')
  ).stdout.split('\n');
  const all = (JSON.parse(interfaces) as readonly Interface[]).map(onlyIPv4);
  const at = all.find(({ addr_info }) => addr_info.some(({ local }) => local === address));
  if (at === undefined) return fail(`${address} is no address of ${host.name}`, `on ${host.name}: ip address`);
  const ruled = (JSON.parse(routes) as readonly Record<string, string>[])
    .filter(({ prefsrc, table, protocol }) => prefsrc === address && table !== 'local' && protocol !== 'kernel')
    .map(({ dst }) => dst ?? '');
  if (ruled.length > 0)
    return fail(`${host.name} sends from ${address} by its own routes (${ruled.join(', ')}), which would go with it`);
  return unmovable(address, at, host.name) ?? at;
}

function onlyIPv4(one: Interface): Interface {
  return { ...one, addr_info: one.addr_info.filter(({ family }) => family === 'inet') };
}

/** The reason why an interface cannot do without it. */
export function unmovable(address: string, { ifname, link_type, addr_info }: Interface, host: string): Finding | null {
  const own = addr_info.find(({ local }) => local === address);
  const others = addr_info.filter((each) => each !== own);
  const hint = `give the service an address of its own: ip address add ADDRESS/32 dev ${ifname}`;
  if (link_type !== 'ether') return fail(`${ifname} of ${host} is no Ethernet: nobody asks there by ARP who has ${address}`);
  if (own?.dynamic) return fail(`${address} was given to ${host} by DHCP, and would come back`, hint);
  if (others.length === 0) return fail(`${address} is the only address of ${ifname} on ${host}`, hint);
  // the kernel takes the secondary addresses of a subnet away with its primary one (inet_del_ifa)
  const lost = own?.secondary ? [] : others.filter((each) => each.secondary && isSameSubnet(each, own));
  if (lost.length === 0) return null;
  return fail(
    `${ifname} of ${host} would lose ${lost.map(({ local }) => local).join(', ')} with ${address}, the first of its subnet`,
    hint,
  );
}

function isSameSubnet(one: InterfaceAddress, other: InterfaceAddress | undefined): boolean {
  const bits = ({ local, prefixlen }: InterfaceAddress) =>
    local
      .split('.')
      .map((byte) => Number(byte).toString(2).padStart(8, '0'))
      .join('')
      .slice(0, prefixlen);
  return other !== undefined && one.prefixlen === other.prefixlen && bits(one) === bits(other);
}

interface Leaving {
  readonly address: string;
  readonly from: Interface;
  readonly source: Host;
}

/** @returns the interface that it will have; it must be on the same wire, as only there an announcement is heard */
async function onDestination({ name, shell }: Host, { address, from, source }: Leaving): Promise<string | Finding> {
  const quoted = quoteWord(address);
  const script = `ip -j -4 route get ${quoted} || echo '[]'
    (echo >/dev/udp/${address}/9) 2>/dev/null; for i in $(seq 50); do ip -4 neigh show ${quoted} | grep -q lladdr && break; sleep 0.02; done
    ip -j -4 neigh show ${quoted}`;
  const [routes = '[]', neighbours = '[]'] = (await shell.run(`bash -c ${quoteWord(script)}`)).stdout.split('\n');
  const [route] = JSON.parse(routes || '[]') as readonly Record<string, string>[];
  const hint = 'both hosts need an interface on the same Ethernet: the new place of the address is announced there by ARP';
  if (route === undefined) return fail(`${name} has no way to ${address}`, hint);
  if (route.type === 'local') return fail(`${address} is an address of ${name} already`, `on ${name}: ip address`);
  if (route.gateway !== undefined)
    return fail(`${name} reaches ${address} by the router ${route.gateway}, not on its own network`, hint);
  const [neighbour] = JSON.parse(neighbours || '[]') as readonly Record<string, string>[];
  if (neighbour?.lladdr === from.address) return route.dev ?? '';
  const seen = neighbour?.lladdr === undefined ? 'by no hardware address' : `by ${neighbour.lladdr}`;
  return fail(`${name} sees ${address} ${seen}, and ${from.ifname} of ${source.name} is ${from.address}`, hint);
}

function wordsOf({ local, prefixlen, broadcast, scope, noprefixroute }: InterfaceAddress, label: string | undefined) {
  return [
    `${local}/${prefixlen}`,
    ...(broadcast === undefined ? [] : ['broadcast', broadcast]),
    ...(scope === undefined ? [] : ['scope', scope]),
    ...(label === undefined ? [] : ['label', label]),
    ...(noprefixroute ? ['noprefixroute'] : []),
  ];
}

type Sockets = { readonly own: readonly Socket[]; readonly others: readonly Socket[] };

const isAny = (address: string) => address === '0.0.0.0' || address === '[0:0:0:0:0:0:0:0]';
const isLoopback = (address: string) => /^(127\.|::1$)/.test(address);

/** What of the container stays with the host, and what of the host would go with the address. */
export function attachedElsewhere(address: string, { own, others }: Sockets): Finding | null {
  const shown = ({ protocol, localAddress, localPort }: Socket) => `${protocol} ${localAddress}:${localPort}`;
  const staying = own.find((socket) => {
    const { localAddress } = socket;
    return localAddress !== address && !(isBound(socket) && (isAny(localAddress) || isLoopback(localAddress)));
  });
  if (staying !== undefined) {
    const what = isBound(staying) ? 'it is bound to' : 'it has a connection by';
    return fail(`${what} ${shown(staying)}, an address that stays with the host`, `only what comes to ${address} can move along`);
  }
  const foreign = others.filter(({ localAddress }) => localAddress === address);
  if (foreign.length === 0) return null;
  const list = [...new Set(foreign.map(shown))].slice(0, 5).join(', ');
  return fail(`other processes of the host use ${address}: ${list}`, 'an address that moves is for this container alone');
}
