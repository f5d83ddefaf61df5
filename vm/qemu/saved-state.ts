import { cpSync, existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { execa } from 'execa';
import { TransshipError } from '../../src/error.ts';
import { recipeHash } from '../build-cache.ts';
import type { HostPlan } from '../host-layer.ts';
import { cacheFolder } from '../places.ts';
import { isAlive } from '../process-identity.ts';
import { withQemu } from './qmp.ts';
import { type Machine, qmpSocket, shapeOf } from './start-vm.ts';

/**
 * Hosts as they are when Docker answers, for a later start: of each its memory and devices (QEMU's migration stream, in a file), its
 * disk so far, and the keys by which it is known. A copy is never written: each start writes into an overlay.
 */
export interface SavedState {
  readonly folder: string;
  readonly isThere: boolean;
}

export interface StateRecipe {
  readonly tree: string;
  /** With the hosts' own layers as they are before they have keys. */
  readonly machines: readonly Omit<Machine, 'folder' | 'disks'>[];
}

const moveLimitMs = 300_000;

/** It is taken up by the same QEMU with the same devices only, and is of one recipe of hosts. */
export async function savedState({ tree, machines }: StateRecipe): Promise<SavedState> {
  const { stdout: version } = await execa('qemu-system-x86_64', ['--version'], { timeout: 30_000 });
  const layers = await Promise.all(machines.map(({ plan }) => layerDigest(plan)));
  const hash = recipeHash([version, basename(tree), machines.map(shapeOf), layers]);
  const folder = join(cacheFolder, `saved-${hash}`);
  return { folder, isThere: existsSync(folder) };
}

async function layerDigest({ name, address, upper }: HostPlan): Promise<readonly string[]> {
  const script = 'cd "$0" && find . -type f | sort | xargs -d "\\n" sha256sum';
  const { stdout } = await execa('sh', ['-c', script, upper], { timeout: 60_000 });
  return [name, address, stdout];
}

/** What of a set is secret and known to its guests: those that were saved know these. */
function keyFiles(folder: string, plans: readonly HostPlan[]): readonly (readonly [string, string])[] {
  const users = ['id_ed25519', 'id_ed25519.pub'].map((name) => [join(folder, name), name] as const);
  const hosts = plans.flatMap(({ name, upper }) =>
    ['', '.pub'].map((end) => [join(upper, `etc/testbed/ssh_host_ed25519_key${end}`), `${name}.key${end}`] as const),
  );
  return [...users, ...hosts];
}

/** Gives a set the keys that the saved guests have. */
export function takeKeys(state: SavedState, folder: string, plans: readonly HostPlan[]): void {
  for (const [file, kept] of keyFiles(folder, plans)) cpSync(join(state.folder, kept), file);
}

/** The files of a saved host. */
export function savedFiles({ folder }: SavedState, name: string) {
  return { disk: join(folder, `${name}.qcow2`), memory: join(folder, `${name}.memory`), layer: join(folder, `${name}.layer`) };
}

/** A machine and its process. */
export interface Running {
  readonly machine: Machine;
  readonly pid: number;
  readonly start: string;
}

/**
 * Saves the machines of a set, which end by it, and moves what is theirs to the cache.
 * @throws TransshipError `failed`
 */
export async function saveMachines(state: SavedState, folder: string, machines: readonly Running[]): Promise<void> {
  const partial: SavedState = { folder: `${state.folder}.${process.pid}`, isThere: false };
  mkdirSync(partial.folder, { recursive: true, mode: 0o700 });
  try {
    await Promise.all(machines.map((one) => saveOne(one, savedFiles(partial, one.machine.plan.name))));
    const plans = machines.map(({ machine }) => machine.plan);
    for (const [file, kept] of keyFiles(folder, plans)) cpSync(file, join(partial.folder, kept));
    // of two who saved at once the first counts
    if (!existsSync(state.folder)) renameSync(partial.folder, state.folder);
  } finally {
    rmSync(partial.folder, { recursive: true, force: true });
  }
}

async function saveOne({ machine, pid, start }: Running, files: ReturnType<typeof savedFiles>): Promise<void> {
  const { plan, folder, disks } = machine;
  await withQemu(qmpSocket(folder, plan.name), async (ask) => {
    await ask('stop');
    await ask('migrate-set-parameters', { 'max-bandwidth': 1e10 });
    await ask('migrate', { uri: `exec:cat >'${files.memory}'` });
    for (const end = Date.now() + moveLimitMs; ; await sleep(50)) {
      const { status = 'none', ...more } = (await ask('query-migrate')) as { status?: string };
      if (status === 'completed') break;
      if (status === 'failed' || Date.now() > end) throw cannotSave(plan.name, JSON.stringify({ status, ...more }));
    }
    await ask('quit');
  });
  while (isAlive(pid, start)) await sleep(20);
  renameSync(disks.overlay, files.disk);
  renameSync(disks.layer, files.layer);
}

function cannotSave(name: string, why: string): TransshipError {
  return new TransshipError('failed', `${name} cannot be saved: ${why}`, 'transship testbed up without --saved');
}
