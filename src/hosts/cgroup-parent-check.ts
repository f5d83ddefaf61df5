import { type Check, type ContainerSubject, fail, type HostSubject, ok } from './check.ts';
import { withDockerd } from './dockerd-process.ts';
import type { Host } from './host.ts';
import { compareVersions } from './version-order.ts';

/** From 1.3 on runc tells CRIU the new place on cgroup v2, too (criu_linux.go, criuApplyCgroups). Tried: 1.1.15 does not, 1.3.6 does. */
const placesOnV2 = '1.3';

/**
 * A restored container is where Docker looks for it although it was elsewhere on the source. Else only its id is another one, which we rewrite in the images:
 * it would lie in the source's group, and `docker pause` would end well and stop nothing.
 */
export function isPlacedAnew({ facts: { cgroupVersion, versions } }: HostSubject): boolean {
  if (cgroupVersion === '1') return true;
  return versions.runc !== null && compareVersions(versions.runc, placesOnV2) >= 0;
}

/** What dockerd was started with, and its file: either may say `cgroup-parent`. */
const script = withDockerd(`words=$(tr '\\0' '\\n' </proc/$pid/cmdline | sed -E '/^--(config-file|cgroup-parent)$/{N;s/\\n/=/}')
  printf '%s\\n' "$words" | sed -n 's/^--cgroup-parent=/word /p'
  file=$(printf '%s\\n' "$words" | sed -n 's/^--config-file=//p')
  echo file
  cat "\${file:-/etc/docker/daemon.json}" 2>/dev/null`);

/** Pure. @returns the parent of containers that name none; null: Docker's own choice */
export function cgroupParentOf(printed: string): string | null {
  const [words = '', file = ''] = printed.split(/^file$/m);
  const word = /^word (.+)$/m.exec(words)?.[1];
  return word ?? /"cgroup-parent"\s*:\s*"([^"]+)"/.exec(file)?.[1] ?? null;
}

const parentOn = async (host: Host) => cgroupParentOf((await host.shell.run(script)).stdout);

export const cgroupParentCheck: Check<ContainerSubject> = {
  name: 'cgroup-parent',
  why: 'on cgroup v2 runc before 1.3 restores into the group that was dumped, and Docker looks for the container in another: docker pause, stats and limits would do nothing',
  hint: 'the same "cgroup-parent" in /etc/docker/daemon.json of both, then restart Docker; or docker run --cgroup-parent; or runc 1.3 on the destination',
  probe: async ({ inspect, source, destination }) => {
    if (destination === null || inspect.HostConfig.CgroupParent) return null;
    const [from, to] = await Promise.all([source, destination].map(({ host }) => parentOn(host)));
    if (from === to) return null;
    const words = (parent: string | null | undefined) => parent ?? "Docker's own";
    const found = `cgroup parent ${words(from)} on the source, ${words(to)} on the destination`;
    return isPlacedAnew(destination) ? ok(`${found}: runc places it anew`) : fail(found);
  },
};
