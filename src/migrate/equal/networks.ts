import type { NetworkCreateOptions, NetworkInspectInfo } from 'dockerode';
import { TransshipError } from '../../error.ts';
import type { Host } from '../../hosts/host.ts';
import { endpointsOf, type Inspect, nameOf } from './inspect.ts';
import { missing } from './missing.ts';

/** Networks that the destination lacks; plain data, so that it can stand in the journal. */
export interface NetworkPlan {
  readonly create: readonly NetworkCreateOptions[];
  /** Names of those in `create` of which the container has a fixed address, so that the subnet must be the same. */
  readonly fixed: readonly string[];
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
  const create: NetworkCreateOptions[] = [];
  const fixed: string[] = [];
  for (const [name, endpoint] of Object.entries(endpointsOf(inspect))) {
    const here = await findNetwork(pair.source, name);
    if (here === null || ['bridge', 'host', 'none'].includes(name)) continue;
    const there = await findNetwork(pair.destination, name);
    if (there !== null) {
      refuseOther(pair.destination, here, there);
      continue;
    }
    if (here.Scope !== 'local') throw scopeError(pair.destination, here, nameOf(inspect));
    create.push(sameNetwork(here));
    if (endpoint.IPAMConfig?.IPv4Address || endpoint.IPAMConfig?.IPv6Address) fixed.push(name);
  }
  return { create, fixed };
}

/** Makes what the plan names. On an error nothing of it stays. */
export async function makeNetworks(destination: Host, plan: NetworkPlan): Promise<NetworksMade> {
  const names: string[] = [];
  const unequal: string[] = [];
  try {
    for (const options of plan.create) {
      const note = await makeNetwork(destination, options, plan.fixed.includes(options.Name));
      if (note !== null) unequal.push(note);
      names.push(options.Name);
    }
  } catch (error) {
    for (const name of names) await destination.docker.getNetwork(name).remove().catch(missing);
    throw error;
  }
  return { names, unequal };
}

/** Removes the networks of the plan. @throws when a container that somebody put there meanwhile uses one */
export async function undoNetworks(destination: Host, plan: NetworkPlan): Promise<void> {
  for (const { Name } of plan.create) await destination.docker.getNetwork(Name).remove().catch(missing);
}

async function makeNetwork(destination: Host, options: NetworkCreateOptions, isFixed: boolean): Promise<string | null> {
  try {
    await destination.docker.createNetwork(options);
    return null;
  } catch (error) {
    const words = (error as Error).message;
    const isTaken = /overlap/i.test(words);
    if (!isTaken || isFixed) {
      throw new TransshipError(
        'not-ready',
        `${destination.name}: network ${options.Name} cannot be made: ${words}`,
        isTaken
          ? 'remove the network that holds its subnet, or give the container no fixed address'
          : 'make the network by hand, then run the migration again',
      );
    }
    const { IPAM: _ipam, ...rest } = options;
    await destination.docker.createNetwork(rest);
    return `subnet of network ${options.Name}: taken on ${destination.name}, so Docker chose another`;
  }
}

function sameNetwork(network: NetworkInspectInfo): NetworkCreateOptions {
  const { Name, Driver, Internal, Attachable, EnableIPv6 } = network;
  const config = (network.IPAM?.Config ?? []).map((pool) =>
    Object.fromEntries(Object.entries(pool).filter(([, value]) => Boolean(value))),
  );
  return {
    Name,
    Driver,
    Internal,
    Attachable,
    EnableIPv6,
    IPAM: { Driver: network.IPAM?.Driver ?? 'default', Config: config, Options: network.IPAM?.Options ?? {} },
    Options: network.Options ?? {},
    Labels: network.Labels ?? {},
  };
}

function refuseOther(destination: Host, here: NetworkInspectInfo, there: NetworkInspectInfo): void {
  if (here.Driver === there.Driver) return;
  throw new TransshipError(
    'not-ready',
    `${destination.name}: network ${here.Name} is there already, but of driver ${there.Driver} instead of ${here.Driver}`,
    `rename or remove it: docker network rm ${here.Name}`,
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
