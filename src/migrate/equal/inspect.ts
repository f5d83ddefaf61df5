import type { ContainerInspectInfo, ImageInspectInfo } from 'dockerode';

export type { ImageInspectInfo } from 'dockerode';

/** One container's place in one network, as `docker inspect` shows it. */
export interface Endpoint {
  readonly IPAMConfig?: { readonly IPv4Address?: string; readonly IPv6Address?: string } | null;
  readonly Links?: readonly string[] | null;
  readonly Aliases?: readonly string[] | null;
  readonly DriverOpts?: Readonly<Record<string, string>> | null;
  readonly GwPriority?: number;
  readonly MacAddress?: string;
  readonly IPAddress?: string;
  readonly GlobalIPv6Address?: string;
}

/** `docker inspect` of a container: dockerode's type, and what it lacks and we need. Fields nobody types travel along as they are. */
export interface Inspect extends ContainerInspectInfo {
  readonly Config: ContainerInspectInfo['Config'] & {
    readonly StopSignal?: string;
    readonly StopTimeout?: number;
    readonly MacAddress?: string;
  };
}

export type ImageInspect = Pick<ImageInspectInfo, 'Id' | 'Config'>;

export function endpointsOf(inspect: ContainerInspectInfo): Readonly<Record<string, Endpoint>> {
  return (inspect.NetworkSettings.Networks ?? {}) as Readonly<Record<string, Endpoint>>;
}

/** Docker names a container's host name after the id when none is given: its first 12 characters. */
export function shortId(inspect: { readonly Id: string }): string {
  return inspect.Id.slice(0, 12);
}

/** `docker inspect` shows the name with a slash. */
export function nameOf(inspect: { readonly Name: string }): string {
  return inspect.Name.replace(/^\//, '');
}
