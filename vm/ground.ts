import { join } from 'node:path';
import type { SetGroups } from './cgroup.ts';
import { marking } from './marked-processes.ts';
import type { MachinePlace } from './qemu/machine-place.ts';
import { bridgedPlace } from './qemu/root-place.ts';
import { socketPlace, wayIn } from './qemu/user-place.ts';
import { joining, makeWire } from './wire.ts';

/** What a set stands on: how `down` finds what `up` starts, how the hosts reach each other, and how they are reached. */
export interface Ground {
  /** Null without root: hosts in namespaces need them. */
  readonly groups: SetGroups | null;
  /** Words put before what `up` runs on its own behalf, so that it ends with the set. */
  readonly prefix: readonly string[];
  /** ssh's ProxyCommand, from here to a host. */
  readonly proxyCommand: string;
  readonly wireNamespace: string | null;
  /** The hosts' address and prefix length on a second card, where they have one. */
  readonly wayIn: string | null;
  readonly machines: MachinePlace;
  /** @param address this machine's own on the wire, with the prefix length */
  makeWire(address: string): Promise<void>;
}

/** A bridge in a network namespace of its own, and cgroups: nothing of the set is in the machine's own network. */
export function rootGround(folder: string, groups: SetGroups): Ground {
  const wireNamespace = join(folder, 'wire');
  return {
    ...{ groups, prefix: joining(groups), wireNamespace, wayIn: null },
    proxyCommand: `nsenter --net=${wireNamespace} socat - TCP:%h:%p`,
    machines: bridgedPlace(folder, groups),
    makeWire: (address) => makeWire(folder, address, groups),
  };
}

/** What every user may have, on a machine without namespaces, too: sockets between the machines, one port of the loopback address for each. */
export function userGround(folder: string, names: readonly string[]): Ground {
  return {
    ...{ groups: null, prefix: marking(folder), wireNamespace: null, wayIn },
    // by the name that was given: ssh asks for the address on the wire, which nobody here has
    proxyCommand: `sh -c 'read -r port <${folder}/%n.port && exec socat - TCP:127.0.0.1:$port'`,
    machines: socketPlace(folder, names),
    makeWire: async () => {},
  };
}
