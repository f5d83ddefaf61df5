import type { ContainerCreateOptions, EndpointSettings, HostConfig, HostRestartPolicy } from 'dockerode';
import { type Endpoint, endpointsOf, type ImageInspect, type Inspect, nameOf, shortId } from './inspect.ts';

/** All that is needed to create an equal container. */
export interface CreatePlan {
  readonly name: string;
  /** With restart policy `no`: during a move nothing may start the container by itself. */
  readonly options: ContainerCreateOptions;
  /** To be set when the move is over. */
  readonly restartPolicy: HostRestartPolicy;
  /** Networks beside the first one; to be connected after creation, which every API version can. */
  readonly moreNetworks: Readonly<Record<string, EndpointSettings>>;
  /** What cannot be equal, each with its reason. */
  readonly unequal: readonly string[];
}

/** Why this container has no equal on another host; empty when it can have one. */
export function obstaclesOf(inspect: Inspect): readonly { readonly message: string; readonly hint: string }[] {
  const host = inspect.HostConfig;
  const shared = [host.NetworkMode, host.PidMode, host.IpcMode].filter((mode) => mode?.startsWith('container:'));
  const found = shared.map((mode) => ({
    message: `${nameOf(inspect)} shares a namespace with another container (${mode})`,
    hint: 'both would have to move at once: give it a namespace of its own, or put both into one container',
  }));
  if (host.PidMode === 'host') {
    found.push({
      message: `${nameOf(inspect)} has no pid namespace of its own (--pid host): a restore gives each process the number it had, which another one may have on the destination`,
      hint: 'make the container anew without --pid host',
    });
  }
  if (host.IpcMode === 'host') {
    found.push({
      message: `${nameOf(inspect)} has the IPC namespace and the /dev/shm of the host (--ipc host): what it has there is the host's, and stays behind`,
      hint: 'make the container anew with --ipc private, or shareable, and the --shm-size that it needs',
    });
  }
  if ((host.VolumesFrom ?? []).length > 0) {
    found.push({
      message: `${nameOf(inspect)} takes its volumes from another container (--volumes-from ${host.VolumesFrom.join(' ')})`,
      hint: 'name the volumes themselves with -v, and make the container anew',
    });
  }
  if ((host.Links ?? []).length > 0) {
    found.push({
      message: `${nameOf(inspect)} is linked to another container (--link)`,
      hint: 'put both containers into a network of their own, where they find each other by name',
    });
  }
  return found;
}

/**
 * Turns `docker inspect` back into what creates such a container. All fields travel as they are, those of a newer Docker too;
 * only what Docker would refuse or fill in otherwise is changed here. Pure.
 * @param reference the image by the name or id that the destination knows it by
 */
export function createOptionsOf(inspect: Inspect, image: ImageInspect, reference: string = inspect.Config.Image): CreatePlan {
  const { MacAddress: _mac, Hostname, Domainname, ...config } = inspect.Config;
  const networks = networksOf(inspect);
  const hostConfig = { ...inspect.HostConfig, RestartPolicy: { Name: 'no', MaximumRetryCount: 0 } } as HostConfig;
  if (networks.mode !== undefined) hostConfig.NetworkMode = networks.mode;
  const options = {
    ...config,
    // A host name is refused where it would be the host's.
    ...(inspect.HostConfig.UTSMode === 'host' ? {} : { Hostname, Domainname }),
    ...commandOf(inspect, image),
    Image: reference,
    HostConfig: hostConfig,
    ...(networks.first === null
      ? {}
      : { NetworkingConfig: { EndpointsConfig: { [networks.first]: networks.endpoints[networks.first] } } }),
  } as ContainerCreateOptions;
  const more = Object.entries(networks.endpoints).filter(([name]) => name !== networks.first);
  return {
    name: nameOf(inspect),
    options,
    restartPolicy: inspect.HostConfig.RestartPolicy ?? { Name: 'no', MaximumRetryCount: 0 },
    moreNetworks: Object.fromEntries(more),
    unequal: unequalOf(inspect),
  };
}

/**
 * An entry point that the image has and the container has not must be refused in so many words, `[""]`:
 * left out, Docker would take the image's (moby daemon/commit.go, `merge`).
 */
function commandOf(inspect: Inspect, image: ImageInspect): Pick<ContainerCreateOptions, 'Entrypoint'> {
  const own = inspect.Config.Entrypoint ?? [];
  const given = image.Config?.Entrypoint ?? [];
  return own.length === 0 && given.length > 0 ? { Entrypoint: [''] } : {};
}

interface Networks {
  readonly mode: string | undefined;
  /** The one that the container is created in; null when it has none. */
  readonly first: string | null;
  readonly endpoints: Readonly<Record<string, EndpointSettings>>;
}

function networksOf(inspect: Inspect): Networks {
  const mode = inspect.HostConfig.NetworkMode ?? 'default';
  const own = endpointsOf(inspect);
  if (mode === 'host' || mode === 'none' || mode.startsWith('container:')) return { mode: undefined, first: null, endpoints: {} };
  const endpoints = Object.fromEntries(Object.entries(own).map(([name, endpoint]) => [name, settingsOf(endpoint, inspect)]));
  const name = mode === 'default' ? 'bridge' : mode;
  if (endpoints[name] !== undefined) return { mode: undefined, first: name, endpoints };
  // Named by its id, or left since: the first that it is in takes its place.
  const first = Object.keys(endpoints)[0] ?? null;
  return { mode: first ?? 'none', first, endpoints };
}

function settingsOf(endpoint: Endpoint, inspect: Inspect): EndpointSettings {
  const aliases = (endpoint.Aliases ?? []).filter((alias) => alias !== shortId(inspect));
  return {
    ...(endpoint.IPAMConfig ? { IPAMConfig: endpoint.IPAMConfig } : {}),
    ...(aliases.length > 0 ? { Aliases: aliases } : {}),
    ...(endpoint.Links ? { Links: [...endpoint.Links] } : {}),
    ...(endpoint.DriverOpts ? { DriverOpts: endpoint.DriverOpts } : {}),
    ...(endpoint.GwPriority ? { GwPriority: endpoint.GwPriority } : {}),
    ...(isFixedMac(endpoint) ? { MacAddress: endpoint.MacAddress } : {}),
  } as EndpointSettings;
}

/**
 * Inspect shows no difference between a MAC that was given and one that Docker made. What it makes (before version 28) follows
 * from the address, `02:42:` and the four bytes (moby libnetwork/netutils `GenerateMACFromIP`): any other is kept.
 */
function isFixedMac(endpoint: Endpoint): boolean {
  if (!endpoint.MacAddress) return false;
  const bytes = (endpoint.IPAddress ?? '').split('.').map((part) => Number(part).toString(16).padStart(2, '0'));
  return endpoint.MacAddress !== `02:42:${bytes.join(':')}`;
}

function unequalOf(inspect: Inspect): readonly string[] {
  const found = [
    'id: every container has its own',
    'times of creation and start: they are those of the destination',
    "paths of log, hosts, resolv.conf and layers: they follow from the id and from the destination's Docker root",
    `alias ${shortId(inspect)} (the short id) in user-defined networks: Docker gives the new container its own; the host name stays reachable`,
  ];
  const ports = Object.entries(inspect.NetworkSettings.Ports ?? {});
  const bound = (inspect.HostConfig.PortBindings ?? {}) as Record<string, { HostPort?: string }[] | null>;
  for (const [port, places] of ports) {
    const isChosen = (places ?? []).length > 0 && !bound[port]?.some((place) => Number(place.HostPort) > 0);
    if (isChosen)
      found.push(`host port ${places[0]?.HostPort} of ${port}: Docker chose it, and chooses again on the destination`);
  }
  for (const [name, endpoint] of Object.entries(endpointsOf(inspect))) {
    const { IPAMConfig, IPAddress, GlobalIPv6Address } = endpoint;
    const chosen = [IPAMConfig?.IPv4Address ? null : IPAddress, IPAMConfig?.IPv6Address ? null : GlobalIPv6Address];
    for (const address of chosen)
      if (address) found.push(`address ${address} in ${name}: Docker chose it, and chooses again on the destination`);
  }
  if (inspect.HostConfig.UTSMode === 'host') found.push(`host name ${inspect.Config.Hostname}: it is the host's (--uts host)`);
  const runtime = inspect.HostConfig.Runtime;
  if (runtime !== undefined && runtime !== 'runc')
    found.push(`runtime ${runtime}: taken only where the destination has one of that name`);
  return found;
}
