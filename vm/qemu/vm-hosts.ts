import type { HostSetting, Maker } from '../host-setting.ts';
import { hostSets } from '../versions.ts';
import { chooseAccelerator } from './accelerator.ts';
import { bootHost } from './boot-host.ts';
import { hostDisks } from './disk.ts';
import { initrdOf } from './initrd.ts';
import { debianKernel } from './kernel.ts';
import { savedHosts } from './saved-hosts.ts';
import { treeAndDisk } from './tree-and-disk.ts';

export interface VmOptions {
  /** A series (`6.12`), or the beginning of a release. */
  readonly kernel: string;
  readonly cpus: number;
  readonly memoryMib: number;
  /** They go on from a saved state; the first time it is made. */
  readonly isSaved?: boolean;
}

/** Hosts in virtual machines, with a kernel of their own; their root tree is that of hosts in namespaces. */
export async function vmHosts(setting: HostSetting, options: VmOptions): Promise<Maker> {
  const { kernel: version, cpus, memoryMib, isSaved = false } = options;
  const { ground, folder, packages, extra, say } = setting;
  const { prefix, machines: place } = ground;
  const kernel = await debianKernel({ version, prefix, say });
  const { name: accelerator, why } = await chooseAccelerator(kernel.vmlinuz, prefix);
  say(`kernel ${kernel.release} under ${accelerator} (${why})`);
  const { tree, disk } = await treeAndDisk({ packages, extra, prefix, say, vmlinuz: kernel.vmlinuz, accelerator });
  const common = { kernel, accelerator, cpus, memoryMib, init: hostSets[packages].init, folder, place };
  const made = { tree, kernel: kernel.release, accelerator };
  if (isSaved) {
    const initrd = await initrdOf({ tree, kernel, prefix, say });
    return { ...made, ...savedHosts({ setting, common, tree, initrd, disk, prefix }) };
  }
  return {
    ...made,
    start: async (plan) => bootHost({ ...common, plan, disks: await hostDisks(plan, disk, prefix), savable: null }),
  };
}
