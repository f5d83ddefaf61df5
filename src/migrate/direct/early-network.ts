import type { HostFacts } from '../../evidence/manifest.ts';
import { compareVersions } from '../../hosts/version-order.ts';

/**
 * With these, on both hosts, a restore into a namespace that was set up before has been tried. It relies on all four: Docker's hook, containerd's bundle
 * (its config.json is edited), runc's state.json (edited afterwards) and how it joins a namespace, CRIU's `external net[...]`.
 */
const tried = { docker: '26.1.5', containerd: '1.7.24', runc: '1.1.15', criu: '4.2.1' } as const;

/** Why these hosts leave the network to the restore; null: they need not. */
export function notTried(hosts: readonly HostFacts[]): string | null {
  for (const { name, versions } of hosts)
    for (const [program, version] of Object.entries(tried) as [keyof typeof tried, string][]) {
      const there = versions[program];
      if (there !== null && compareVersions(there, version) === 0) continue;
      return `not tried with ${program} ${there ?? '(unknown)'} on ${name} (with ${version} it was)`;
    }
  return null;
}

/** What of a bundle's config.json decides (OCI runtime spec, config.md and config-linux.md). */
interface BundleConfig {
  readonly hooks?: { readonly prestart?: readonly { readonly path: string; readonly args?: readonly string[] }[] };
  readonly process?: { readonly capabilities?: { readonly bounding?: readonly string[] } };
  readonly linux?: {
    readonly namespaces?: readonly { readonly type: string; readonly path?: string }[];
    readonly sysctl?: Readonly<Record<string, string>>;
  };
}

/** How a container's network can be set up before it is restored. */
export interface EarlyNetwork {
  /** Docker's hook: its file, the name that it is run under, its words. */
  readonly hook: readonly string[];
  /** The bundle's config.json with the hook gone, for a restore into the namespace that is bound there. */
  readonly joining: (namespaceFile: string) => string;
}

/**
 * What runc sets in the network namespace of a new container, but not in a restored one: lines of a file below /proc/sys and its value. CRIU
 * carries some over, not these two of Docker: net.ipv4.ip_unprivileged_port_start, net.ipv4.ping_group_range.
 */
export function networkSysctls(config: string): string {
  return Object.entries((JSON.parse(config) as BundleConfig).linux?.sysctl ?? {})
    .filter(([name]) => name.startsWith('net.'))
    .map(([name, value]) => `${name.replaceAll('.', '/')} ${value}\n`)
    .join('');
}

/** As Go writes it into Docker's config.json. */
const ownNetwork = '{"type":"network"}';

/**
 * Docker 26 sets a container's network up by a hook, which runc runs in the middle of the restore. What is edited is edited as text: numbers
 * there may be larger than JavaScript's.
 * @returns why it is left to the restore, where it is
 */
export function earlyNetwork(config: string): EarlyNetwork | { readonly left: string } {
  const { hooks, process, linux } = JSON.parse(config) as BundleConfig;
  const [hook, ...others] = hooks?.prestart ?? [];
  const namespaces = linux?.namespaces ?? [];
  const namespace = namespaces.find(({ type }) => type === 'network');
  if (namespace === undefined || (namespace.path ?? '') !== '') return { left: 'it has no network namespace of its own' };
  if (hook === undefined || others.length > 0 || hook.args?.[0] !== 'libnetwork-setkey')
    return { left: 'Docker has no hook of its own, or not alone: it sets the network up after the restore' };
  if (process?.capabilities?.bounding?.includes('CAP_NET_ADMIN'))
    return { left: 'it may change its network itself (CAP_NET_ADMIN): CRIU carries such changes over' };
  if (namespaces.some(({ type }) => type === 'user')) return { left: 'its network belongs to a user namespace' };
  const hookText = `"prestart":[${JSON.stringify(hook)}]`;
  if (config.split(hookText).length !== 2 || config.split(ownNetwork).length !== 2)
    return { left: "the bundle's config.json is not written as Docker writes it" };
  return {
    hook: [hook.path, ...hook.args],
    joining: (namespaceFile) =>
      config
        .replace(hookText, () => '"prestart":[]')
        .replace(ownNetwork, () => JSON.stringify({ type: 'network', path: namespaceFile })),
  };
}
