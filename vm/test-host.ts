import { spawn } from 'node:child_process';
import { closeSync, copyFileSync, existsSync, mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { execa } from 'execa';
import { TransshipError } from '../src/error.ts';
import { packageRoot } from '../src/evidence/run-folder.ts';
import type { SetGroups } from './cgroup.ts';

export interface HostPlan {
  readonly name: string;
  readonly address: string;
  readonly prefixLength: number;
  /** On disk: the host's own layer and Docker's folder. */
  readonly data: string;
  readonly upper: string;
}

/** Fills the host's own layer with what differs from the shared root tree. */
export function prepareLayer(plan: HostPlan, all: readonly HostPlan[]): void {
  for (const folder of ['upper', 'work', 'docker', 'root']) mkdirSync(join(plan.data, folder), { recursive: true });
  for (const folder of ['etc/testbed', 'etc/criu', 'usr/local/sbin']) mkdirSync(join(plan.upper, folder), { recursive: true });
  const source = join(packageRoot(), 'vm/host');
  copyFileSync(join(source, 'init.sh'), join(plan.upper, 'etc/testbed/init.sh'));
  copyFileSync(join(source, 'sshd_config'), join(plan.upper, 'etc/testbed/sshd_config'));
  copyFileSync(join(source, 'runc.conf'), join(plan.upper, 'etc/criu/runc.conf'));
  const starter = readFileSync(join(source, 'start-dockerd.sh'));
  writeFileSync(join(plan.upper, 'usr/local/sbin/start-dockerd'), starter, { mode: 0o755 });
  const calls = join(plan.upper, 'usr/local/lib/testbed/calls');
  mkdirSync(calls, { recursive: true });
  const wrapper = readFileSync(join(packageRoot(), 'src/wrap/host/call.sh'));
  // each a file of its own: the wrapper looks for another one of its name
  for (const program of ['runc', 'criu', 'containerd-shim-runc-v2'])
    writeFileSync(join(calls, program), wrapper, { mode: 0o755 });
  writeFileSync(join(plan.upper, 'etc/hostname'), `${plan.name}\n`);
  const names = all.map((host) => `${host.address} ${host.name}\n`).join('');
  writeFileSync(join(plan.upper, 'etc/hosts'), `127.0.0.1 localhost\n${names}`);
  writeFileSync(join(plan.upper, 'etc/resolv.conf'), ''); // no way out, so no waiting for name servers
}

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

/** Makes the wire: a bridge in a network namespace of its own, which lives by its pinned file. */
export async function makeWire(folder: string, address: string, groups: SetGroups): Promise<void> {
  const file = join(folder, 'wire');
  writeFileSync(file, '');
  await inMakeGroup(groups, ['unshare', `--net=${file}`, 'true']);
  const words = ['link set lo up', 'link add wire type bridge', `address add ${address} dev wire`, 'link set wire up'];
  for (const line of words) await onWire(folder, groups, line);
}

async function onWire(folder: string, groups: SetGroups, line: string): Promise<void> {
  await inMakeGroup(groups, ['nsenter', `--net=${join(folder, 'wire')}`, 'ip', ...line.split(' ')]);
}

/** In the set's own cgroup: else it could outlive a killed `up`, and pin the namespace after `down` has looked. */
async function inMakeGroup(groups: SetGroups, words: readonly string[]): Promise<void> {
  const all = [...joining(groups), ...words];
  await execa(all[0] as string, all.slice(1), { timeout: 30_000 });
}

/** Words put before a command that `up` runs on its own behalf. */
export function joining(groups: SetGroups): readonly string[] {
  return ['sh', '-c', 'echo 0 >"$0/cgroup.procs" && exec "$@"', groups.make];
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

/** The last lines of a log; without dockerd's debug lines, which would be all of it. */
export function tail(file: string, lines = 15): string {
  if (!existsSync(file)) return '(no log)';
  const kept = readFileSync(file, 'utf8').trimEnd().split('\n');
  const told = kept.filter((line) => !line.includes(' level=debug '));
  return told.slice(-lines).join('\n') || '(its log is empty)';
}
