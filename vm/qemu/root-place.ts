import type { SetGroups } from '../cgroup.ts';
import type { HostPlan } from '../host-layer.ts';
import { onWire } from '../wire.ts';
import type { MachinePlace } from './machine-place.ts';

const tapOf = (plan: HostPlan): string => `to-${plan.name}`;

/** In the wire's network namespace, each with a tap on its bridge, and in a cgroup of its own. */
export function bridgedPlace(folder: string, groups: SetGroups): MachinePlace {
  const join = 'for group in $1; do echo 0 >"$group/cgroup.procs" || exit; done; shift; exec "$@"';
  return {
    around: (host) => ['sh', '-c', join, 'sh', groups.hostGroups(host).join(' '), 'nsenter', `--net=${folder}/wire`],
    netdevs: (plan) => [`tap,ifname=${tapOf(plan)},script=no,downscript=no`],
    // it stays for a machine that is started again
    plug: async (plan) => {
      await onWire(folder, groups, `tuntap add ${tapOf(plan)} mode tap`);
      await onWire(folder, groups, `link set ${tapOf(plan)} master wire up`);
    },
    started: async () => {},
    initGroups: (host) => groups.hostGroups(host),
  };
}
