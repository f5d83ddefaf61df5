import type { Host } from '../hosts/host.ts';

/**
 * containerd unpacks a checkpoint below /tmp for a start, and never removes it (containerd#10166): as much as the container's memory, each
 * time. Ours are known by the container's id in their `cgroup.img`; anybody else's stay.
 */
export async function removeContainerdLeftovers(host: Host, containerId: string): Promise<void> {
  await host.shell.run(
    `for folder in /tmp/ctrd-checkpoint*; do
       ! grep -qs ${containerId} "$folder/cgroup.img" || rm -rf "$folder"
     done`,
    { timeoutMs: 60_000 },
  );
}
