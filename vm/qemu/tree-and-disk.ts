import { existsSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { packageRoot } from '../../src/evidence/run-folder.ts';
import { buildOnce, recipeHash } from '../build-cache.ts';
import { cacheFolder, inCache, isRoot } from '../places.ts';
import { type RootTree, rootTree, treeRecipe, unpacking } from '../rootfs.ts';
import { type Accelerator, accelerationWords } from './accelerator.ts';
import { diskMib, diskName, diskOf, diskSignature } from './disk.ts';

export interface TreeAndDisk {
  /** The root tree, or as much of it as is needed outside: dpkg's status, perl. */
  readonly tree: string;
  readonly disk: string;
}

export interface Grown extends RootTree {
  readonly vmlinuz: string;
  readonly accelerator: Accelerator;
}

const limitMs = 7_200_000;

/**
 * The file system that the machines start from. Root makes a tree and of it a disk; any other user takes those, where root made them, or has
 * packages installed by a machine, which needs no rights and no namespaces of this one.
 */
export async function treeAndDisk(wish: Grown): Promise<TreeAndDisk> {
  if (isRoot) {
    const tree = await rootTree(wish);
    return { tree, disk: await diskOf({ ...wish, tree }) };
  }
  const recipe = await treeRecipe(wish);
  const tree = inCache(recipe.name);
  const disk = inCache(diskName(tree));
  return existsSync(tree) && existsSync(disk) ? { tree, disk } : await grownDisk(wish);
}

async function grownDisk(wish: Grown): Promise<TreeAndDisk> {
  const recipe = await treeRecipe(wish);
  const scripts = ['grow-disk.sh', 'second-stage.sh', 'disk.sh'].map((name) => join(packageRoot(), 'vm/qemu', name));
  const hash = recipeHash([recipe.name, ...scripts.map((file) => readFileSync(file, 'utf8'))]);
  const target = join(cacheFolder, `grown-${hash}`);
  const name = basename(recipe.name);
  const machine = [wish.vmlinuz, accelerationWords(wish.accelerator).join(' ')];
  const making = ['sh', scripts[0] as string, `${target}.partial`, name, String(diskMib), diskSignature, ...machine];
  const command = [...making, ...unpacking(recipe, `${target}.partial/${name}`)];
  const what = `the disk of the virtual machines (${wish.packages}), without root`;
  await buildOnce({ target, command, what, prefix: wish.prefix, say: wish.say, limitMs });
  return { tree: join(target, name), disk: join(target, 'disk') };
}
