import { readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { packageRoot } from '../../src/evidence/run-folder.ts';
import { buildOnce, recipeHash } from '../build-cache.ts';
import { inCache } from '../places.ts';
import type { Kernel } from './kernel.ts';

export interface InitrdWish {
  readonly tree: string;
  readonly kernel: Kernel;
  /** Words put before what is run. */
  readonly prefix: readonly string[];
  readonly say: (line: string) => void;
}

/** What boots from a disk on virtio, which can be saved: QEMU's NVMe cannot, and virtio's driver is a module. */
export async function initrdOf({ tree, kernel, prefix, say }: InitrdWish): Promise<string> {
  const files = ['initrd.sh', 'initrd.pl'].map((name) => join(packageRoot(), 'vm/qemu', name));
  const folder = dirname(kernel.vmlinuz);
  const hash = recipeHash([basename(tree), basename(folder), ...files.map((file) => readFileSync(file, 'utf8'))]);
  const target = inCache(`initrd-${hash}`);
  const command = ['sh', files[0] as string, `${target}.partial`, tree, folder];
  return await buildOnce({ target, command, what: 'the initrd of the virtual machines', prefix, say });
}
