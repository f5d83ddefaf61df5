import { spawn } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { TransshipError } from '../src/error.ts';
import { packageRoot } from '../src/evidence/run-folder.ts';
import type { SetGroups } from './cgroup.ts';
import type { HostPlan } from './host-layer.ts';
import { tail } from './log-tail.ts';
import { onWire } from './wire.ts';

export interface HostMaking {
  readonly plan: HostPlan;
  readonly folder: string;
  readonly rootTree: string;
  readonly groups: SetGroups;
}

/**
 * Starts the host's first process and puts it on the wire.
 * @returns its pid
 * @throws TransshipError `failed` when it does not come up within 30 seconds
 */
export async function startHost(making: HostMaking): Promise<number> {
  const { plan, folder, groups } = making;
  for (const name of ['work', 'docker', 'root']) mkdirSync(join(plan.data, name), { recursive: true });
  const log = join(folder, `${plan.name}.log`);
  const output = openSync(log, 'a');
  const address = `${plan.address}/${plan.prefixLength}`;
  const words = [groups.make, groups.hostGroups(plan.name).join(' '), plan.name, address, making.rootTree, plan.data, folder];
  const child = spawn('sh', [join(packageRoot(), 'vm/host/spawn.sh'), ...words, groups.word], {
    detached: true,
    stdio: ['ignore', output, output],
  });
  child.unref();
  closeSync(output);
  const stat = join(folder, `${plan.name}.init`);
  for (let tries = 0; !existsSync(stat); tries += 1) {
    if (child.exitCode !== null || child.signalCode !== null || tries >= 600)
      throw new TransshipError('failed', `host ${plan.name} did not start: ${tail(log)}`, 'transship testbed up tries again');
    await sleep(50);
  }
  const pid = Number(readFileSync(stat, 'utf8').split(' ')[0]);
  await onWire(folder, groups, `link add to-${plan.name} type veth peer name eth0 netns ${pid}`);
  await onWire(folder, groups, `link set to-${plan.name} master wire up`);
  return pid;
}

/**
 * Words that run a command in the host, as root, in the host's own cgroup (so that `down` ends it, too)
 * and with an environment of its own. Exit status and stdio are the command's.
 */
export function inHost(initPid: number, initGroups: readonly string[]): readonly string[] {
  const path = 'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
  const environment = ['env', '--chdir=/root', '-i', path, 'HOME=/root', `TERM=${process.env.TERM ?? 'dumb'}`];
  const join = 'for group in $1; do echo 0 >"$group/cgroup.procs" || exit; done; shift; exec "$@"';
  const enter = ['nsenter', '--target', String(initPid), '--mount', '--uts', '--ipc', '--net', '--pid', '--cgroup'];
  return ['sh', '-c', join, 'sh', initGroups.join(' '), ...enter, '--', ...environment];
}
