import { endpointsOf, type Inspect, shortId } from './inspect.ts';

export interface DifferenceContext {
  readonly source: unknown;
  readonly destination: unknown;
  readonly from: Inspect;
  readonly to: Inspect;
}

export interface DifferenceRule {
  readonly path: RegExp;
  /** null: this rule does not explain it. */
  readonly why: (context: DifferenceContext) => string | null;
}

const always = (text: string) => () => text;

/** The first rule that gives a reason counts. */
export const differenceRules: readonly DifferenceRule[] = [
  { path: /^Id$/, why: always('every container has its own id') },
  { path: /^Created$/, why: always('it was created at another time') },
  { path: /^State\./, why: always('the state is that of the moment, not of the configuration') },
  { path: /^ExecIDs$/, why: always('exec sessions belong to the running container') },
  { path: /^RestartCount$/, why: always('Docker counts anew for a new container') },
  { path: /^(?:ResolvConfPath|HostnamePath|HostsPath|LogPath)$/, why: namesItsId('a path that follows from the id') },
  { path: /^GraphDriver\.Data\./, why: always("a path of that host's storage") },
  { path: /^(?:MountLabel|ProcessLabel)$/, why: always('SELinux categories are drawn anew for each container') },
  { path: /^AppArmorProfile$/, why: onlyRunning('Docker fills it in at the start') },
  { path: /^NetworkSettings\.(?:SandboxID|SandboxKey)$/, why: always('every container has its own network namespace') },
  { path: /^NetworkSettings\.Ports\./, why: port },
  {
    path: /^NetworkSettings\.(?:EndpointID|Gateway|IPAddress|IPPrefixLen|IPv6Gateway|GlobalIPv6\w+|MacAddress)$/,
    why: oldFields,
  },
  { path: /^NetworkSettings\.Networks\.[^.].*\.(?:NetworkID|EndpointID)$/, why: always('every host has its own networks') },
  {
    path: /^NetworkSettings\.Networks\..+\.(?:Gateway|IPAddress|IPPrefixLen|IPv6Gateway|GlobalIPv6Address|GlobalIPv6PrefixLen|MacAddress)$/,
    why: address,
  },
  { path: /^NetworkSettings\.Networks\..+\.(?:DNSNames|Aliases)$/, why: names },
  { path: /^Mounts\..+\.(?:Name|Source)$/, why: anonymousVolume },
  { path: /^HostConfig\.RestartPolicy\./, why: restartPolicy },
  {
    path: /^HostConfig\.Runtime$/,
    why: always('the destination has no runtime of that name, or the source uses a recording one'),
  },
  { path: /^HostConfig\.NetworkMode$/, why: networkMode },
  { path: /^Config\.Image$/, why: imageById },
  { path: /^Config\.(?:Hostname|Domainname)$/, why: hostsOwnName },
];

function namesItsId(text: string): DifferenceRule['why'] {
  return ({ from, to, source, destination }) => {
    const isOwn = (value: unknown, inspect: Inspect) => value === null || String(value).includes(inspect.Id);
    return isOwn(source, from) && isOwn(destination, to) ? text : null;
  };
}

function onlyRunning(text: string): DifferenceRule['why'] {
  return ({ source, destination }) => (source === null || destination === null ? text : null);
}

function notStarted({ from, to }: DifferenceContext): boolean {
  return !from.State.Running || !to.State.Running;
}

function port(context: DifferenceContext): string | null {
  if (notStarted(context) && (context.source === null || context.destination === null)) return 'ports are bound at the start';
  const bound = (context.from.HostConfig.PortBindings ?? {}) as Record<string, { HostPort?: string }[] | null>;
  const places = context.source as { HostPort?: string }[] | null;
  const asked = Object.values(bound).flatMap((list) => (list ?? []).map((place) => place.HostPort));
  const isChosen = places?.every((place) => !asked.includes(place.HostPort)) ?? false;
  return isChosen ? 'Docker chose the port on each host' : null;
}

// The fields of the default bridge, kept by Docker for old clients.
function oldFields(context: DifferenceContext): string | null {
  const bridge = endpointsOf(context.from).bridge;
  if (notStarted(context) && (context.source === null || context.destination === null))
    return 'the address is given at the start';
  return bridge?.IPAMConfig?.IPv4Address ? null : 'Docker chose the address on each host';
}

function address(context: DifferenceContext): string | null {
  const isUnset = (value: unknown) => value === null || value === 0;
  if (notStarted(context) && (isUnset(context.source) || isUnset(context.destination)))
    return 'the address is given at the start';
  const endpoint = Object.values(endpointsOf(context.from)).find((one) => Object.values(one).includes(context.source));
  const isFixed = Boolean(endpoint?.IPAMConfig?.IPv4Address ?? endpoint?.IPAMConfig?.IPv6Address);
  return isFixed ? null : 'Docker chose the address on each host';
}

/** The same names but for the short id, which Docker adds for each container; the host name may be the source's. */
function names(context: DifferenceContext): string | null {
  const { source, destination, from, to } = context;
  if (notStarted(context) && (source === null || destination === null)) return 'Docker fills them in at the start';
  const rest = (value: unknown, ids: readonly string[]) =>
    [...new Set((value ?? []) as string[])]
      .filter((name) => !ids.includes(name))
      .sort()
      .join(' ');
  const ids = [shortId(from), shortId(to)];
  return rest(source, ids) === rest(destination, ids) ? 'Docker adds the short id of each container' : null;
}

const anonymousName = /^[0-9a-f]{64}$/;

function anonymousVolume({ source, destination }: DifferenceContext): string | null {
  const nameIn = (value: unknown) => String(value).match(/[0-9a-f]{64}/)?.[0] ?? '';
  const isAnonymous = anonymousName.test(nameIn(source)) && anonymousName.test(nameIn(destination));
  return isAnonymous ? 'an anonymous volume has a name of its own on each host' : null;
}

function restartPolicy({ to, from }: DifferenceContext): string | null {
  const off = [from, to].some((one) => (one.HostConfig.RestartPolicy?.Name ?? 'no') === 'no');
  return off ? 'off while the container moves' : null;
}

function networkMode({ source, from }: DifferenceContext): string | null {
  return endpointsOf(from)[String(source)] === undefined ? 'named by its id, or left since' : null;
}

/** With the host's network or its UTS namespace a container is named as its host. */
function hostsOwnName({ from }: DifferenceContext): string | null {
  return from.HostConfig.NetworkMode === 'host' || from.HostConfig.UTSMode === 'host' ? 'the name is that of the host' : null;
}

function imageById({ destination, from, to }: DifferenceContext): string | null {
  return from.Image === to.Image && destination === to.Image ? 'the name means another image there, so the id is used' : null;
}
