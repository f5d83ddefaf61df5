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

/**
 * Where runc is killed in a dump containerd removes the folder of the images at once, while CRIU, which outlives runc, still writes into it: what is written later stays. What
 * has neither `cgroup.img` nor `inventory.img`, which are of CRIU's last, and is open to nobody, is of no use to anybody. An empty one may be of a dump that is about to begin; in one that
 * is unpacked for a start, in the order of the names (archive.Diff), nothing comes after a `cgroup.img` that is not there.
 */
export async function removeBrokenDumps(host: Host): Promise<void> {
  await host.shell.run(
    `for folder in /tmp/ctrd-checkpoint*; do
       [ -d "$folder" ] && [ ! -e "$folder/cgroup.img" ] && [ ! -e "$folder/inventory.img" ] && ls -A "$folder" | grep -qE '^(c[h-z]|[d-z])' || continue
       [ -n "$(find /proc/[0-9]*/fd -lname "$folder*" -print -quit 2>/dev/null)" ] || rm -rf "$folder"
     done`,
    { timeoutMs: 60_000 },
  );
}
