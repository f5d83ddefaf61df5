import { renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { HostPlan } from '../host-layer.ts';
import { marking } from '../marked-processes.ts';
import { isAlive, startTime } from '../process-identity.ts';
import type { MachinePlace } from './machine-place.ts';
import { withQemu } from './qmp.ts';
import { qmpSocket } from './start-vm.ts';

/** The guest's address in QEMU's user-mode network, which is each machine's own. */
const guestAddress = '10.0.2.15';
export const wayIn = `${guestAddress}/24`;

/**
 * What needs no rights at all. The wire between two machines is a pair of datagram sockets (QEMU 7.2): a stream would be twice as fast, but
 * is for machines that start in one order and never again, and CRIU's images are slower than either. The way in is QEMU's user-mode network:
 * nothing gets out by it, and ssh in by one port of the loopback address, which the kernel chooses, so that none can be taken already.
 */
export function socketPlace(folder: string, names: readonly string[]): MachinePlace {
  return {
    around: () => marking(folder),
    netdevs: (plan, place) => {
      const peer = names.find((name) => name !== plan.name) ?? 'nobody';
      const [local, remote] = [plan.name, peer].map((name) => join(place, `${name}.wire`));
      return [
        `dgram,local.type=unix,local.path=${local},remote.type=unix,remote.path=${remote}`,
        `user,restrict=on,ipv6=off,hostfwd=tcp:127.0.0.1:0-${guestAddress}:22`,
      ];
    },
    plug: async () => {},
    started: (plan, pid) => tellPort(plan, folder, pid),
    initGroups: () => [],
  };
}

/** QEMU listens from the beginning on. One that has ended tells nothing: whoever waits for it sees that, and says why. */
async function tellPort({ name }: HostPlan, folder: string, pid: number): Promise<void> {
  const start = startTime(pid) ?? '';
  while (isAlive(pid, start)) {
    const port = await withQemu(qmpSocket(folder, name), forwardedPort).catch(() => null);
    if (port !== null) {
      const file = join(folder, `${name}.port`);
      writeFileSync(`${file}.new`, `${port}\n`);
      renameSync(`${file}.new`, file);
      return;
    }
    await sleep(50);
  }
}

type Ask = Parameters<Parameters<typeof withQemu>[1]>[0];

/** From the table of `info usernet`: protocol[state], descriptor, address and port here, address and port there. */
async function forwardedPort(ask: Ask): Promise<string | null> {
  const table = await ask('human-monitor-command', { 'command-line': 'info usernet' });
  return /TCP\[HOST_FORWARD\]\s+\d+\s+127\.0\.0\.1\s+(\d+)/.exec(String(table))?.[1] ?? null;
}
