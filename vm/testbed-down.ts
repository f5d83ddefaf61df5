import { existsSync, readdirSync, readFileSync, readlinkSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { TransshipError } from '../src/error.ts';
import { findGroups, removeGroups } from './cgroup.ts';
import { sweepProbes } from './leftover-probes.ts';
import { endMarked, markedProcesses } from './marked-processes.ts';
import { restorePipeSize } from './pipe-size.ts';
import { dataFolder, isRoot } from './places.ts';
import { testbedFolder } from './testbed-state.ts';

const removal = { recursive: true, force: true, maxRetries: 5, retryDelay: 50 } as const;

/** Whether anything of the set is on this machine, however little. */
export function hasRemains(set: string): boolean {
  const folder = testbedFolder(set);
  return existsSync(folder) || existsSync(dataFolder(set)) || (isRoot ? findGroups(set) : markedProcesses(folder)).length > 0;
}

/**
 * Removes the set: works from what it finds, not from what was planned, so that a half-made set goes as well.
 * Hosts live by their processes (namespaces, mounts, interfaces, rules go with them), root's wire by its pinned file.
 * @throws TransshipError `failed` naming what could not be removed
 */
export async function takeDown(set: string): Promise<void> {
  const folder = testbedFolder(set);
  // first what is not ours by cgroup: clients in the wire's namespace, masters of ssh connections
  await closeMasters(join(folder, 'm'));
  await (isRoot ? endRootSet(set, folder) : endMarked(folder));
  rmSync(dataFolder(set), removal);
  rmSync(folder, removal);
  if (isRoot) restorePipeSize();
}

async function endRootSet(set: string, folder: string): Promise<void> {
  killInNamespace(join(folder, 'wire'));
  await removeGroups(findGroups(set));
  await sweepProbes();
  for (const mount of mountsBelow([folder, dataFolder(set)])) await execa('umount', ['--lazy', mount], { timeout: 30_000 });
  const left = mountsBelow([folder, dataFolder(set)]);
  if (left.length > 0)
    throw new TransshipError('failed', `still mounted: ${left.join(' ')}`, 'umount them, then testbed down again');
}

async function closeMasters(folder: string): Promise<void> {
  if (!existsSync(folder)) return;
  for (const name of readdirSync(folder)) {
    const socket = join(folder, name);
    await execa('ssh', ['-o', `ControlPath=${socket}`, '-O', 'exit', 'host'], { reject: false, timeout: 5_000 });
  }
}

/** Ends every process whose network namespace is the one pinned there. */
function killInNamespace(file: string): void {
  if (!mountsBelow([file]).includes(file)) return;
  const wire = `net:[${statSync(file).ino}]`;
  for (const pid of readdirSync('/proc').filter((entry) => /^\d+$/.test(entry))) {
    try {
      if (readlinkSync(`/proc/${pid}/ns/net`) === wire) process.kill(Number(pid), 'SIGKILL');
    } catch {} // it has gone meanwhile, or is a zombie
  }
}

/** Mount points at or below the folders, the innermost first. */
function mountsBelow(folders: readonly string[]): readonly string[] {
  return readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .flatMap((line) => line.split(' ')[4] ?? [])
    .filter((mount) => folders.some((folder) => mount === folder || mount.startsWith(`${folder}/`)))
    .reverse();
}
