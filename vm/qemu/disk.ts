import { readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { execa } from 'execa';
import { packageRoot } from '../../src/evidence/run-folder.ts';
import { buildOnce, recipeHash } from '../build-cache.ts';
import type { HostPlan } from '../host-layer.ts';

/** Room on a host's disk; both files that are it are sparse. */
export const diskMib = 8192;
/** Of every disk: the kernel finds its root by it (disk.sh). */
export const diskSignature = '7472616e';
export const rootDevice = `PARTUUID=${diskSignature}-01`;

export interface Disk {
  readonly tree: string;
  /** Words put before what is run. */
  readonly prefix: readonly string[];
  readonly say: (line: string) => void;
}

const script = join(packageRoot(), 'vm/qemu/disk.sh');

/** What the disk of a tree is called in the cache. */
export function diskName(tree: string): string {
  return `${basename(tree)}-${recipeHash([readFileSync(script, 'utf8'), diskMib, diskSignature])}.disk`;
}

/** The root tree as a file system in a file, made without mounting anything. Shared by all hosts, and never written. */
export async function diskOf({ tree, prefix, say }: Disk): Promise<string> {
  const target = join(dirname(tree), diskName(tree));
  const command = ['sh', script, `${target}.partial`, tree, String(diskMib), diskSignature];
  return buildOnce({ target, command, what: 'the disk of the virtual machines', prefix, say });
}

export interface HostDisks {
  /** What the host writes, over the shared disk. */
  readonly overlay: string;
  /** The host's own layer as a tar archive: the guest unpacks it over its root before anything else. */
  readonly layer: string;
}

/** @param format of the disk below the host's own overlay */
export async function hostDisks(
  plan: HostPlan,
  disk: string,
  prefix: readonly string[],
  format: 'raw' | 'qcow2' = 'raw',
): Promise<HostDisks> {
  const overlay = join(plan.data, 'disk.qcow2');
  const layer = join(plan.data, 'layer.tar');
  const commands = [
    ['qemu-img', 'create', '-q', '-f', 'qcow2', '-b', disk, '-F', format, overlay],
    ['tar', '--create', '--file', layer, '--directory', plan.upper, '--owner=0', '--group=0', '.'],
  ].map((words) => [...prefix, ...words]);
  for (const [program, ...words] of commands) await execa(program as string, words, { timeout: 60_000, stdin: 'ignore' });
  return { overlay, layer };
}
