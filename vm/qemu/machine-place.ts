import type { HostPlan } from '../host-layer.ts';

/** Where the virtual machines of a set run, and what their network cards are wired to. */
export interface MachinePlace {
  /** Words put before QEMU. */
  around(host: string): readonly string[];
  /** QEMU's `-netdev` for each card, without its id: the wire's first. A saved state is the same in every `folder`. */
  netdevs(plan: HostPlan, folder: string): readonly string[];
  /** Before a machine is started for the first time. */
  plug(plan: HostPlan): Promise<void>;
  /** After each start of it, while it boots. */
  started(plan: HostPlan, pid: number): Promise<void>;
  /** cgroups that whatever enters the host joins. */
  initGroups(host: string): readonly string[];
}
