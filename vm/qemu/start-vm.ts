import { spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { HostPlan } from '../host-layer.ts';
import type { Init } from '../versions.ts';
import { type Accelerator, accelerationWords } from './accelerator.ts';
import { type HostDisks, rootDevice } from './disk.ts';
import type { Kernel } from './kernel.ts';
import type { MachinePlace } from './machine-place.ts';

export interface Machine {
  readonly plan: HostPlan;
  readonly kernel: Kernel;
  readonly disks: HostDisks;
  readonly accelerator: Accelerator;
  /** Null for disks on NVMe, which need no initrd, and cannot be saved. */
  readonly savable: Savable | null;
  readonly cpus: number;
  readonly memoryMib: number;
  readonly init: Init;
  readonly folder: string;
  readonly place: MachinePlace;
}

export interface Savable {
  readonly initrd: string;
  /** The file that it was saved to, and goes on from; null for a start from nothing. */
  readonly memory: string | null;
}

/** The guest's serial console goes there, from its first line on. */
export function consoleFile(folder: string, name: string): string {
  return join(folder, `${name}.console`);
}

/** Of QEMU itself: what it could not do. */
export function machineLog(folder: string, name: string): string {
  return join(folder, `${name}.log`);
}

/** Where QEMU takes orders. */
export function qmpSocket(folder: string, name: string): string {
  return join(folder, `${name}.qmp`);
}

/**
 * Starts QEMU in its place.
 * @returns its pid
 */
export async function startMachine(machine: Machine): Promise<number> {
  const { plan, folder, place } = machine;
  const output = openSync(machineLog(folder, plan.name), 'a');
  const [program = 'qemu-system-x86_64', ...words] = [...place.around(plan.name), 'qemu-system-x86_64', ...machineWords(machine)];
  const child = spawn(program, words, {
    detached: true,
    stdio: ['ignore', output, output],
  });
  child.unref();
  closeSync(output);
  await sleep(0); // a spawn that fails says so in the next turn
  const pid = child.pid ?? 0;
  await place.started(plan, pid);
  return pid;
}

/** What a saved state is of: it is taken up by a machine of the same devices only. The files of one set are no part of it. */
export function shapeOf(machine: Omit<Machine, 'folder' | 'disks'>): readonly string[] {
  return machineWords({ ...machine, folder: '', disks: { overlay: '', layer: '' } });
}

function machineWords(machine: Machine): readonly string[] {
  const { plan, folder, disks, kernel, savable } = machine;
  const disk = savable === null ? nvme : virtio;
  return [
    ...['-name', plan.name, '-machine', 'q35', ...accelerationWords(machine.accelerator)],
    ...['-smp', String(machine.cpus), '-m', String(machine.memoryMib)],
    ...['-nodefaults', '-no-user-config', '-no-reboot', '-display', 'none'],
    ...['-serial', `file:${consoleFile(folder, plan.name)}`, '-qmp', `unix:${qmpSocket(folder, plan.name)},server=on,wait=off`],
    ...disk('root', `format=qcow2,file=${disks.overlay},cache=unsafe,discard=unmap`),
    ...disk('layer', `format=raw,file=${disks.layer},readonly=on`),
    ...disk('modules', `format=raw,file=${kernel.modules},readonly=on`),
    ...machine.place.netdevs(plan, folder).flatMap((netdev, index) => card(netdev, index, plan)),
    ...['-kernel', kernel.vmlinuz, '-append', commandLine(machine), ...savableWords(savable)],
  ];
}

function nvme(id: string, drive: string): readonly string[] {
  return ['-drive', `id=${id},if=none,${drive}`, '-device', `nvme,drive=${id},serial=${id}`];
}

function virtio(id: string, drive: string): readonly string[] {
  return ['-drive', `id=${id},if=none,${drive}`, '-device', `virtio-blk-pci,drive=${id},serial=${id}`];
}

/** The wire's is the first: no udev gives them names of their own. */
function card(netdev: string, index: number, plan: HostPlan): readonly string[] {
  const id = `card${index}`;
  return ['-netdev', `${netdev},id=${id}`, '-device', `virtio-net-pci,netdev=${id},mac=${macOf(plan.address, index)},romfile=`];
}

function savableWords(savable: Savable | null): readonly string[] {
  if (savable === null) return [];
  const { initrd, memory } = savable;
  return ['-initrd', initrd, ...(memory === null ? [] : ['-incoming', `exec:cat '${memory}'`])];
}

/** Debian's kernels have AppArmor on by themselves; another one may have another module first. */
const initWords = { tini: '', systemd: ' apparmor=1 security=apparmor' } as const satisfies Record<Init, string>;

/**
 * The kernel mounts the root by itself (no initrd: 12 s of 16 under emulation), and gives what it does not know to its
 * first program: ADDRESS as a variable, what follows the dashes as words. The host's layer is the disk that is an archive of it.
 */
function commandLine({ plan, init }: Pick<Machine, 'plan' | 'init'>): string {
  // no_timer_check: on a busy machine the timer can be late, and the kernel would panic ("IO-APIC + timer doesn't work")
  const kernel = `root=${rootDevice} rootwait rw console=ttyS0 quiet panic=-1 no_timer_check${initWords[init]}`;
  const boot = '/etc/testbed/vm-boot.sh';
  // asked for its mark first: tar would search a whole disk for one
  const unpack = '[ -b $disk ] && head -c 512 $disk | grep -q ustar && tar -xf $disk -C /';
  const search = `until [ -e ${boot} ]; do sleep 0.05; for disk in /dev/nvme*n1 /dev/vd[b-z]; do ${unpack}; done; done`;
  const first = `mount -t devtmpfs dev /dev; ${search}; exec sh ${boot}`;
  return `${kernel} ADDRESS=${plan.address}/${plan.prefixLength} init=/bin/sh -- -c "${first}"`;
}

/** QEMU's own prefix with the card's number, and the address's last three: different for each host of a wire. */
function macOf(address: string, index: number): string {
  const numbers = address.split('.').slice(1);
  return [`52:54:0${index}`, ...numbers.map((number) => Number(number).toString(16).padStart(2, '0'))].join(':');
}
