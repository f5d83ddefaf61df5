import type { Host } from '../src/hosts/host.ts';
import { onHost } from './destination-state.ts';

/** Instances and places in the kernel that are a host's, by its pid namespace, and its folder: a line each. */
export async function uprobeRemains(host: Host): Promise<readonly string[]> {
  const own = `"_probes_$(readlink /proc/self/ns/pid | tr -dc 0-9)_"`;
  const look = `ls /tmp/tracefs/instances; sed 's/ .*//' /tmp/tracefs/uprobe_events`;
  const inTracefs = `mkdir -p /tmp/tracefs && mount -t tracefs tracefs /tmp/tracefs && { ${look}; }; umount /tmp/tracefs`;
  const text = await onHost(host, `ls -d /run/transship/uprobes 2>/dev/null; { ${inTracefs}; } | grep ${own}; true`);
  return text.split('\n').filter((line) => line !== '');
}
