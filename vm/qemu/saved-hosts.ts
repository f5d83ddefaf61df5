import { setTimeout as sleep } from 'node:timers/promises';
import { execa } from 'execa';
import { TransshipError } from '../../src/error.ts';
import type { HostPlan } from '../host-layer.ts';
import type { HostSetting, Maker } from '../host-setting.ts';
import { isAlive, startTime, waitedMs } from '../process-identity.ts';
import type { TestHost } from '../testbed-state.ts';
import { bootHost } from './boot-host.ts';
import { readyLimitsMs } from './console.ts';
import { hostDisks } from './disk.ts';
import { type ClockSet, setClock } from './guest-clock.ts';
import { type AskQemu, withQemu } from './qmp.ts';
import { type SavedState, savedFiles, savedState, saveMachines, takeKeys } from './saved-state.ts';
import { type Machine, qmpSocket, startMachine } from './start-vm.ts';

export interface SavedHosts {
  readonly setting: HostSetting;
  /** What all of them have. */
  readonly common: Omit<Machine, 'plan' | 'disks' | 'savable'>;
  readonly tree: string;
  readonly initrd: string;
  /** The shared disk. */
  readonly disk: string;
  /** Words put before what is run. */
  readonly prefix: readonly string[];
}

/** Before a state is saved: what is clean need not be in it, and neighbours are asked for anew. */
const quiesce = 'sync; echo 3 >/proc/sys/vm/drop_caches; ip neigh flush all';

/** Hosts from a saved state; the first time they are booted, saved, and started from that. */
export function savedHosts(request: SavedHosts): Pick<Required<Maker>, 'prepare' | 'start' | 'settle'> {
  const { setting, common, disk, prefix } = request;
  const { folder, say } = setting;
  const machines = new Map<string, Machine>();
  let state: SavedState | null = null;
  return {
    prepare: async (plans) => {
      const savable = { initrd: request.initrd, memory: null };
      state = await savedState({ tree: request.tree, machines: plans.map((plan) => ({ ...common, plan, savable })) });
      if (state.isThere) takeKeys(state, folder, plans);
      else say(`no such hosts are saved: they are booted, and saved (once; kept as ${state.folder})`);
      return state.isThere;
    },
    start: async (plan) => {
      if (state?.isThere) {
        await common.place.plug(plan);
        return await loadHost(request, state, plan);
      }
      const disks = await hostDisks(plan, disk, prefix);
      const machine = { ...common, plan, disks, savable: { initrd: request.initrd, memory: null } };
      machines.set(plan.name, machine);
      return await bootHost(machine);
    },
    settle: async (hosts) => {
      const saved = state;
      if (saved === null || saved.isThere) return await setClocks(setting, hosts);
      const running = hosts.flatMap((host) => {
        const machine = machines.get(host.name);
        return machine === undefined ? [] : [{ machine, pid: host.initPid, start: host.initStart }];
      });
      await Promise.all(hosts.map((host) => quieten(folder, host.name)));
      await saveMachines(saved, folder, running);
      return await setClocks(setting, await Promise.all(running.map(({ machine }) => loadHost(request, saved, machine.plan))));
    },
  };
}

/** The wall clocks of guests that were saved stand where they were then. */
async function setClocks({ folder, say }: HostSetting, hosts: readonly TestHost[]): Promise<readonly TestHost[]> {
  const set = await Promise.all(hosts.map(({ name }) => setClock(`${folder}/ssh_config`, name)));
  for (const [index, { name }] of hosts.entries()) {
    const { wasNs, isNs, boundNs } = set[index] as ClockSet;
    say(`${name}: its clock stood ${seconds(-wasNs)} s behind, and is set to within ${milliseconds(boundNs + abs(isNs))} ms`);
  }
  return hosts;
}

const seconds = (ns: bigint): string => (Number(ns) / 1e9).toFixed(1);
const milliseconds = (ns: bigint): string => (Number(ns) / 1e6).toFixed(1);
const abs = (ns: bigint): bigint => (ns < 0n ? -ns : ns);

async function quieten(folder: string, name: string): Promise<void> {
  const words = ['-F', `${folder}/ssh_config`, '-o', 'ControlMaster=no', '-o', 'ControlPath=none', name, quiesce];
  await execa('ssh', words, { timeout: 300_000, stdin: 'ignore' });
}

async function loadHost(request: SavedHosts, state: SavedState, plan: HostPlan): Promise<TestHost> {
  const { common, prefix, initrd } = request;
  const { disk, memory, layer } = savedFiles(state, plan.name);
  const { overlay } = await hostDisks(plan, disk, prefix, 'qcow2');
  const machine: Machine = { ...common, plan, disks: { overlay, layer }, savable: { initrd, memory } };
  const initPid = await startMachine(machine);
  const initStart = startTime(initPid) ?? '';
  await untilItRuns(machine, initPid, initStart);
  return { name: plan.name, address: plan.address, initPid, initStart, initGroups: common.place.initGroups(plan.name) };
}

/** It comes up as it was saved: stopped. */
async function goOn(ask: AskQemu): Promise<boolean> {
  const { status } = (await ask('query-status')) as { readonly status: string };
  if (status === 'paused') await ask('cont');
  return status === 'paused' || status === 'running';
}

/** QEMU reads the memory first; it listens at its socket from the beginning on. */
async function untilItRuns({ plan, folder, accelerator }: Machine, pid: number, start: string): Promise<void> {
  const beganMs = Date.now();
  while (Date.now() - beganMs - waitedMs(pid) < readyLimitsMs[accelerator] && isAlive(pid, start)) {
    if (await withQemu(qmpSocket(folder, plan.name), goOn).catch(() => false)) return;
    await sleep(50);
  }
  const hint = 'transship testbed up without --saved boots anew';
  throw new TransshipError('failed', `${plan.name} does not go on from its saved state`, hint);
}
