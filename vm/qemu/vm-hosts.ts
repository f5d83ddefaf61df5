import type { HostSetting, Maker } from '../host-setting.ts';
import { isAlive, startTime } from '../process-identity.ts';
import { rootTree } from '../rootfs.ts';
import { joining } from '../wire.ts';
import { chooseAccelerator } from './accelerator.ts';
import { readyLimitsMs, waitForMark } from './console.ts';
import { diskOf, hostDisks } from './disk.ts';
import { debianKernel } from './kernel.ts';
import { consoleFile, machineLog, startMachine } from './start-vm.ts';

export interface VmOptions {
  /** A series (`6.12`), or the beginning of a release. */
  readonly kernel: string;
  readonly cpus: number;
  readonly memoryMib: number;
}

/** Hosts in virtual machines, with a kernel of their own; their root tree is that of hosts in namespaces. */
export async function vmHosts(setting: HostSetting, { kernel: version, cpus, memoryMib }: VmOptions): Promise<Maker> {
  const { groups, folder, packages, extra, say } = setting;
  const prefix = joining(groups);
  const kernel = await debianKernel({ version, prefix, say });
  const tree = await rootTree({ packages, extra, prefix, say });
  const disk = await diskOf({ tree, prefix, say });
  const accelerator = await chooseAccelerator(kernel.vmlinuz, prefix);
  say(`kernel ${kernel.release} under ${accelerator.name} (${accelerator.why})`);
  return {
    tree,
    kernel: kernel.release,
    accelerator: accelerator.name,
    start: async (plan) => {
      const disks = await hostDisks(plan, disk, prefix);
      const machine = { plan, kernel, disks, accelerator: accelerator.name, cpus, memoryMib, folder, groups };
      const initPid = await startMachine(machine);
      const initStart = startTime(initPid) ?? '';
      const console = consoleFile(folder, plan.name);
      const log = machineLog(folder, plan.name);
      const limitMs = readyLimitsMs[accelerator.name];
      await waitForMark({ name: plan.name, console, log, isAlive: () => isAlive(initPid, initStart), limitMs });
      return { name: plan.name, address: plan.address, initPid, initStart, initGroups: groups.hostGroups(plan.name) };
    },
  };
}
