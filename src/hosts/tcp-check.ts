import { type ContainerSubject, type Finding, fail, isDirect, ok } from './check.ts';
import type { Host } from './host.ts';
import { movingAddressFinding } from './moving-address.ts';
import { readRuncConf } from './runc-conf.ts';
import { compareVersions } from './version-order.ts';

interface Endpoint {
  readonly IPAMConfig?: { readonly IPv4Address?: string; readonly IPv6Address?: string } | null;
  readonly GlobalIPv6Address?: string;
  readonly MacAddress?: string;
}

/** Can the connections of this container move along? Only where its address can, and nothing tells CRIU to close them. */
export async function tcpFinding(subject: ContainerSubject): Promise<Finding> {
  const { inspect, source, destination, allowed } = subject;
  if (!isDirect(allowed)) return fail("Docker's own path cannot tell CRIU to keep them", 'use --strategy diskless or post-copy');
  const closing = await closingConf([source.host, ...(destination === null ? [] : [destination.host])]);
  if (closing !== null) return closing;
  if (allowed.movingAddress !== undefined) return await movingAddressFinding(allowed.movingAddress, subject);
  if (inspect.HostConfig.NetworkMode === 'host')
    return fail(
      "on the host network the address is the host's, and stays with it",
      'name one that is for this container alone: --moving-address; or give it one of its own: a macvlan network',
    );
  const docker = destination?.facts.versions.docker;
  if (docker && compareVersions(docker, '28') >= 0)
    return fail(
      `Docker ${docker} attaches the network after the restore, which so finds no address for its sockets`,
      'take Docker 26 or 27 there',
    );
  const endpoints = Object.entries((inspect.NetworkSettings.Networks ?? {}) as Readonly<Record<string, Endpoint>>);
  for (const [name, endpoint] of endpoints) {
    const { Driver } = (await source.host.docker.getNetwork(name).inspect()) as { Driver: string };
    if (Driver !== 'macvlan') return fail(`its address on the ${Driver} network ${name} cannot move to another host`);
    if (!endpoint.IPAMConfig?.IPv4Address)
      return fail(`its address on ${name} is not fixed: on the destination Docker would choose another`);
    if (endpoint.GlobalIPv6Address && !endpoint.IPAMConfig.IPv6Address)
      return fail(
        `its IPv6 address on ${name} is not fixed: on the destination Docker would choose another`,
        'make it anew with a fixed one, too: docker run --ip6',
      );
  }
  return ok('its fixed address moves along');
}

async function closingConf(hosts: readonly Host[]): Promise<Finding | null> {
  for (const host of hosts)
    if ((await readRuncConf(host)).has('tcp-close'))
      return fail(
        `/etc/criu/runc.conf of ${host.name} says tcp-close`,
        'take it out there: CRIU obeys that file before all that it is told',
      );
  return null;
}
