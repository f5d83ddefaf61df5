import { type Finding, fail, ok, warn } from './check.ts';

interface KernelOption {
  readonly name: string;
  /** What CRIU cannot do without it. */
  readonly lacks: string;
  /** Nothing can be dumped without it. */
  readonly isNeeded?: true;
}

/** What CRIU asks of a kernel's configuration: https://criu.org/Linux_kernel, and the checks of criu/cr-check.c. */
// biome-ignore format: a table is read in rows
const options: readonly KernelOption[] = [
  { name: 'CHECKPOINT_RESTORE', lacks: 'any dump: the kernel tells too little of a process', isNeeded: true },
  { name: 'NAMESPACES', lacks: 'containers', isNeeded: true },
  { name: 'PID_NS', lacks: 'a restore with the same process ids', isNeeded: true },
  { name: 'NET_NS', lacks: "a container's own network" },
  { name: 'UTS_NS', lacks: "a container's own host name" },
  { name: 'IPC_NS', lacks: "a container's own semaphores and queues" },
  { name: 'FHANDLE', lacks: 'inotify and fanotify watches' },
  { name: 'EVENTFD', lacks: 'eventfd' },
  { name: 'EPOLL', lacks: 'epoll' },
  { name: 'INOTIFY_USER', lacks: 'inotify' },
  { name: 'UNIX_DIAG', lacks: 'unix sockets' },
  { name: 'INET_DIAG', lacks: 'TCP and UDP sockets' },
  { name: 'INET_TCP_DIAG', lacks: 'TCP sockets' },
  { name: 'INET_UDP_DIAG', lacks: 'UDP sockets' },
  { name: 'PACKET_DIAG', lacks: 'packet sockets' },
  { name: 'NETLINK_DIAG', lacks: 'netlink sockets' },
  { name: 'NETFILTER_XT_MARK', lacks: 'the network lock by iptables' },
];

/** @param config `/proc/config.gz`, unpacked, or `/boot/config-…`; empty where the host has neither. A module counts: it is loaded on demand */
export function kernelOptionsFinding(config: string): Finding {
  const set = new Set([...config.matchAll(/^CONFIG_(\w+)=[ym]$/gm)].map(([, name]) => name));
  if (set.size === 0)
    return warn('not known: neither /proc/config.gz nor /boot/config-* is there', 'criu check tries what it needs, see its row');
  const missing = options.filter(({ name }) => !set.has(name));
  if (missing.length === 0) return ok(`CONFIG_CHECKPOINT_RESTORE and the ${options.length - 1} others that CRIU asks for`);
  const found = `not set: ${missing.map(({ name }) => `CONFIG_${name}`).join(', ')}`;
  const hint = `boot a kernel that has ${missing.length === 1 ? 'it' : 'them'}; without: no ${missing.map(({ lacks }) => lacks).join('; no ')}`;
  return missing.some(({ isNeeded }) => isNeeded) ? fail(found, hint) : warn(found, hint);
}
