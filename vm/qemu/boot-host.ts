import { isAlive, startTime, waitedMs } from '../process-identity.ts';
import type { TestHost } from '../testbed-state.ts';
import { readyLimitsMs, waitForMark } from './console.ts';
import { consoleFile, type Machine, machineLog, startMachine } from './start-vm.ts';

/**
 * Starts a machine from nothing, and waits until its Docker answers.
 * @throws TransshipError `failed`, with the end of its console
 */
export async function bootHost(machine: Machine): Promise<TestHost> {
  const { plan, folder, place, accelerator } = machine;
  await place.plug(plan);
  const initPid = await startMachine(machine);
  const initStart = startTime(initPid) ?? '';
  const console = consoleFile(folder, plan.name);
  const log = machineLog(folder, plan.name);
  const limitMs = readyLimitsMs[accelerator];
  await waitForMark({
    name: plan.name,
    console,
    log,
    isAlive: () => isAlive(initPid, initStart),
    waitedMs: () => waitedMs(initPid),
    limitMs,
  });
  return { name: plan.name, address: plan.address, initPid, initStart, initGroups: place.initGroups(plan.name) };
}
