import type { HostFacts } from '../evidence/manifest.ts';
import type { Host } from './host.ts';

interface ComponentVersion {
  readonly Name: string;
  readonly Version: string;
}

// One turn: `KEY VALUE` lines; a tool that is missing prints an empty value.
const script = `
echo "kernel $(uname -r)"
echo "architecture $(uname -m)"
echo "hostname $(uname -n)"
echo "os $(. /etc/os-release 2>/dev/null; echo "$PRETTY_NAME")"
echo "cpus $(nproc 2>/dev/null)"
echo "memory $(sed -n 's/^MemTotal: *\\([0-9]*\\) kB/\\1/p' /proc/meminfo)"
echo "criu $(criu --version 2>/dev/null | sed -n 's/^Version: //p')"
echo "runc $(runc --version 2>/dev/null | sed -n 's/^runc version //p')"
echo "containerd $(containerd --version 2>/dev/null)"
`;

/** What a host is, by its API and its shell; what cannot be had is null. */
export async function readFacts(host: Host): Promise<HostFacts> {
  const [{ stdout }, info, version] = await Promise.all([
    host.shell.run(script),
    host.docker.info().catch(() => null),
    host.docker.version().catch(() => null),
  ]);
  const value = (key: string): string | null => new RegExp(`^${key} (.+)$`, 'm').exec(stdout)?.[1] ?? null;
  const number = (key: string): number | null => (value(key) === null ? null : Number(value(key)));
  const components: readonly ComponentVersion[] = (version?.Components as ComponentVersion[] | undefined) ?? [];
  const component = (name: string) => components.find((candidate) => candidate.Name === name)?.Version ?? null;
  const memoryKb = number('memory');
  return {
    name: host.name,
    endpoint: host.endpoint,
    hostname: value('hostname'),
    kernel: value('kernel'),
    architecture: value('architecture'),
    os: value('os'),
    cpus: number('cpus'),
    memoryBytes: memoryKb === null ? null : memoryKb * 1024,
    cgroupVersion: (info as { CgroupVersion?: string } | null)?.CgroupVersion ?? null,
    versions: {
      docker: version?.Version ?? null,
      containerd: component('containerd') ?? value('containerd')?.split(' ')[2] ?? null,
      runc: component('runc') ?? value('runc'),
      criu: value('criu'),
    },
  };
}
