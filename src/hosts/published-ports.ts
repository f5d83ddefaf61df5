import type { ContainerInspectInfo } from 'dockerode';

/** A port that the container needs on its host, or a range out of which Docker takes one that is free. */
export interface PublishedPort {
  /** `tcp/8080`, `tcp/8000-8010` */
  readonly shown: string;
  readonly choices: readonly string[];
}

/** On the host network: the ports that the image says it listens on. */
export function publishedPorts({ HostConfig, Config }: ContainerInspectInfo): readonly PublishedPort[] {
  const bindings = Object.entries((HostConfig.PortBindings ?? {}) as Record<string, { HostPort?: string }[] | null>);
  const wanted =
    HostConfig.NetworkMode === 'host'
      ? Object.keys(Config.ExposedPorts ?? {}).map((port) => [protocolOf(port), port.split('/')[0] ?? ''] as const)
      : bindings.flatMap(([port, places]) => (places ?? []).map(({ HostPort }) => [protocolOf(port), HostPort ?? ''] as const));
  return wanted.filter(([, range]) => Number(range.split('-')[0]) > 0).map(([protocol, range]) => portOf(protocol, range));
}

/** Where none of its choices is free. */
export function isTaken({ choices }: PublishedPort, taken: ReadonlySet<string>): boolean {
  return choices.every((choice) => taken.has(choice));
}

function portOf(protocol: string, range: string): PublishedPort {
  const [first = 0, last = first] = range.split('-').map(Number);
  const choices = Array.from({ length: last - first + 1 }, (_, index) => `${protocol}/${first + index}`);
  return { shown: `${protocol}/${range}`, choices };
}

function protocolOf(port: string): string {
  return port.split('/')[1] ?? 'tcp';
}
