import type { NetworkCreateOptions, NetworkInspectInfo } from 'dockerode';
import { TransshipError } from '../../error.ts';
import type { Host } from '../../hosts/host.ts';
import { compareVersions } from '../../hosts/version-order.ts';
import { type Endpoint, endpointsOf, type Inspect, nameOf } from './inspect.ts';
import { isMadeBy, madeBy } from './made-by.ts';
import { missing } from './missing.ts';
import { isWithin, overlap } from './subnets.ts';

/** Networks that the destination lacks; plain data, so that it can stand in the journal. */
export interface NetworkPlan {
  readonly create: readonly NetworkCreateOptions[];
  /** Names of those in `create` of which the container has a fixed address, so that the subnet must be the same. */
  readonly fixed: readonly string[];
  /** What will come out unequal, with the reason. */
  readonly unequal: readonly string[];
}

export interface NetworksMade {
  readonly names: readonly string[];
  /** What came out unequal, with the reason. */
  readonly unequal: readonly string[];
}

/**
 * Reads only. Docker's own networks (bridge, host, none) are on every host.
 * @throws TransshipError `not-ready` when a network cannot be had on the destination, or is another one there.
 */
export async function planNetworks(pair: { source: Host; destination: Host }, inspect: Inspect): Promise<NetworkPlan> {
  const { source, destination } = pair;
  const create: NetworkCreateOptions[] = [];
  const fixed: string[] = [];
  const unequal: string[] = [];
  for (const [name, endpoint] of Object.entries(endpointsOf(inspect))) {
    const here = await findNetwork(source, name);
    const there = await findNetwork(destination, name);
    if (here === null) continue;
    if (there !== null && endpoint.GlobalIPv6Address && !there.EnableIPv6)
      unequal.push(`IPv6 address ${endpoint.GlobalIPv6Address} in ${name}: that network has no IPv6 on ${destination.name}`);
    if (['bridge', 'host', 'none'].includes(name)) continue;
    if (there !== null) {
      refuseOther({ destination, here, there, endpoint });
      continue;
    }
    if (here.Scope !== 'local') throw scopeError(destination, here, nameOf(inspect));
    const isFixed = fixedAddresses(endpoint).length > 0;
    const taken = await takenSubnets(destination, here);
    if (taken.length > 0) {
      if (isFixed) throw cannotBeMade(destination, name, 'its subnet overlaps with that of another network', true);
      await refuseUnchosen(destination, name, taken);
      unequal.push(otherSubnet(destination, name));
    }
    create.push(sameNetwork(here));
    if (isFixed) fixed.push(name);
  }
  return { create, fixed, unequal };
}

/**
 * Makes what the plan names, for the move with this checkpoint. On an error nothing of it stays.
 * @throws TransshipError `not-ready` when there is a network of such a name since the plan was made
 */
export async function makeNetworks(destination: Host, plan: NetworkPlan, checkpoint: string): Promise<NetworksMade> {
  const names: string[] = [];
  const unequal: string[] = [];
  try {
    for (const options of plan.create) {
      await refuseNewcomer(destination, options.Name);
      const own = { ...options, CheckDuplicate: true, Labels: { ...options.Labels, ...madeBy(checkpoint) } };
      const note = await makeNetwork(destination, own, plan.fixed.includes(options.Name));
      if (note !== null) unequal.push(note);
      names.push(options.Name);
    }
  } catch (error) {
    await undoNetworks(destination, plan, checkpoint).catch(() => {}); // the step's own undo tells what stays
    throw error;
  }
  return { names, unequal };
}

/** Removes those of the plan's networks that `makeNetworks` made. @throws when a container that somebody put there meanwhile uses one */
export async function undoNetworks(destination: Host, plan: NetworkPlan, checkpoint: string): Promise<void> {
  for (const { Name } of plan.create) {
    const found = await findNetwork(destination, Name);
    if (found !== null && isMadeBy(checkpoint, found)) await destination.docker.getNetwork(found.Id).remove().catch(missing);
  }
}

/** It was looked at when the plan was made: one that has come since is somebody else's, and may be another one. */
async function refuseNewcomer(destination: Host, name: string): Promise<void> {
  const found = await findNetwork(destination, name);
  if (found === null) return;
  throw new TransshipError(
    'not-ready',
    `${destination.name}: network ${name} has been made there by somebody else since the plan`,
    'run the migration again: it looks whether that one can take the container',
  );
}

async function makeNetwork(destination: Host, options: NetworkCreateOptions, isFixed: boolean): Promise<string | null> {
  try {
    await destination.docker.createNetwork(options);
    return null;
  } catch (error) {
    const words = (error as Error).message;
    const isTaken = /overlap/i.test(words);
    if (!isTaken || isFixed) throw cannotBeMade(destination, options.Name, words, isTaken);
    const { IPAM: _ipam, ...rest } = options;
    await destination.docker.createNetwork(rest);
    return otherSubnet(destination, options.Name);
  }
}

function sameNetwork(network: NetworkInspectInfo): NetworkCreateOptions {
  const { Name, Driver, Internal, Attachable, EnableIPv6 } = network;
  // of Docker 28 and later: false for a network of IPv6 alone
  const { EnableIPv4 } = network as { readonly EnableIPv4?: boolean };
  const config = (network.IPAM?.Config ?? []).map((pool) =>
    Object.fromEntries(Object.entries(pool).filter(([, value]) => Boolean(value))),
  );
  return {
    Name,
    Driver,
    Internal,
    Attachable,
    EnableIPv6,
    ...(EnableIPv4 === undefined ? {} : { EnableIPv4 }),
    IPAM: { Driver: network.IPAM?.Driver ?? 'default', Config: config, Options: network.IPAM?.Options ?? {} },
    Options: network.Options ?? {},
    Labels: network.Labels ?? {},
  };
}

interface Other {
  readonly destination: Host;
  readonly here: NetworkInspectInfo;
  readonly there: NetworkInspectInfo;
  readonly endpoint: Endpoint;
}

/** A network of that name that is there already must be able to take the container as it is. */
function refuseOther({ destination, here, there, endpoint }: Other): void {
  const refusal = (what: string, hint: string) =>
    new TransshipError('not-ready', `${destination.name}: network ${here.Name} is there already, but ${what}`, hint);
  const remove = `rename or remove it: docker network rm ${here.Name}`;
  if (here.Driver !== there.Driver) throw refusal(`of driver ${there.Driver} instead of ${here.Driver}`, remove);
  const subnets = subnetsOf(there);
  for (const address of fixedAddresses(endpoint)) {
    if (!subnets.some((subnet) => isWithin(address, subnet))) {
      const what = `its subnet ${subnets.join(', ')} does not hold the container's fixed address ${address}`;
      throw refusal(what, `${remove} (it is made as on the source), or give the container no fixed address`);
    }
    const taken = Object.values(there.Containers ?? {}).find((one) =>
      [one.IPv4Address, one.IPv6Address].some((each) => each?.split('/')[0] === address),
    );
    if (taken !== undefined) throw refusal(`container ${taken.Name} has the fixed address ${address}`, 'stop that one first');
  }
}

function fixedAddresses({ IPAMConfig }: Endpoint): readonly string[] {
  return [IPAMConfig?.IPv4Address, IPAMConfig?.IPv6Address].flatMap((address) => (address ? [address] : []));
}

function subnetsOf(network: NetworkInspectInfo): readonly string[] {
  return (network.IPAM?.Config ?? []).flatMap(({ Subnet }) => (Subnet ? [Subnet] : []));
}

async function takenSubnets(destination: Host, network: NetworkInspectInfo): Promise<readonly string[]> {
  const others = (await destination.docker.listNetworks()).flatMap(subnetsOf);
  return subnetsOf(network).filter((subnet) => others.some((other) => overlap(subnet, other)));
}

/** Docker before 27 has no IPv6 subnets to choose from, unless its `default-address-pools` name some (27.0, release notes). */
async function refuseUnchosen(destination: Host, name: string, taken: readonly string[]): Promise<void> {
  const subnet = taken.find((one) => one.includes(':'));
  const { docker } = (await destination.facts()).versions;
  if (subnet === undefined || (docker !== null && compareVersions(docker, '27') >= 0)) return;
  throw new TransshipError(
    'not-ready',
    `${destination.name}: network ${name} cannot be made: its subnet ${subnet} is taken there, and Docker ${docker ?? ''} chooses no other for IPv6`,
    `make it there by hand, with another: docker network create --ipv6 --subnet SUBNET ${name}`,
  );
}

function otherSubnet(destination: Host, name: string): string {
  return `subnet of network ${name}: taken on ${destination.name}, so Docker chooses another`;
}

function cannotBeMade(destination: Host, name: string, words: string, isTaken: boolean): TransshipError {
  return new TransshipError(
    'not-ready',
    `${destination.name}: network ${name} cannot be made: ${words}`,
    isTaken
      ? 'remove the network that holds its subnet, or give the container no fixed address'
      : 'make the network by hand, then run the migration again',
  );
}

function scopeError(destination: Host, network: NetworkInspectInfo, container: string): TransshipError {
  return new TransshipError(
    'not-ready',
    `${destination.name}: network ${network.Name} of ${container} has scope ${network.Scope} and is not there`,
    'make the destination a member of the same swarm first',
  );
}

async function findNetwork(host: Host, name: string): Promise<NetworkInspectInfo | null> {
  const found: NetworkInspectInfo | undefined = await host.docker.getNetwork(name).inspect().catch(missing);
  // Docker also finds networks by the beginning of their id.
  return found?.Name === name ? found : null;
}
