import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { TransshipError } from '../../src/error.ts';
import { packageRoot } from '../../src/evidence/run-folder.ts';
import { debianMirror } from '../apt-mirror.ts';
import { buildOnce, recipeHash } from '../build-cache.ts';
import { cacheNames, inCache } from '../places.ts';
import { kernelNames, kernelPackage, kernels } from '../versions.ts';

export interface Kernel {
  /** As `uname -r` says it. */
  readonly release: string;
  readonly vmlinuz: string;
  /** A file system for /usr/lib/modules. */
  readonly modules: string;
}

export interface KernelWish {
  /** A name of `kernels`, or the beginning of a release (`6.12.117`). */
  readonly version: string;
  /** Words put before what is run. */
  readonly prefix: readonly string[];
  readonly say: (line: string) => void;
}

/**
 * Debian's own kernel of that version: fetched once, then kept with its packages.
 * @throws TransshipError `usage` for a version that is not listed, `not-ready` when the mirror has another one by now
 */
export async function debianKernel({ version, prefix, say }: KernelWish): Promise<Kernel> {
  const name = kernelNames.find((each) => version === each || isOf(version, kernels[each].series));
  if (name === undefined)
    throw new TransshipError('usage', `no kernel ${version} here`, `there are ${kernelNames.join(', ')}: transship testbed sets`);
  const script = join(packageRoot(), 'vm/qemu/kernel.sh');
  const { suite } = kernels[name];
  const hash = recipeHash([readFileSync(script, 'utf8'), suite, kernelPackage]);
  const target = inCache(`kernel-${version}-${hash}`);
  const kept = version === name ? undefined : keptKernels(hash).find(({ release }) => isOf(release, version));
  if (kept !== undefined) return kept;
  if (existsSync(target)) return kernelIn(target);
  const { uri, aptOptions } = await debianMirror();
  const source = `deb ${uri} ${suite} main`;
  // a name of no number takes what there is
  const command = ['sh', script, `${target}.partial`, source, kernelPackage, /^\d/.test(version) ? version : '', ...aptOptions];
  const hint = `is the Debian mirror reachable? try: apt-get update; --kernel ${name} takes the one that it has`;
  return kernelIn(await buildOnce({ target, command, what: `kernel ${version}`, prefix, say, hint }));
}

/** Whether a release or version is of a series, or begins with a version: 6.12.117+deb13 is of 6.12, and not of 6.1. */
function isOf(release: string, version: string): boolean {
  return release.startsWith(version) && !/^\d/.test(release.slice(version.length));
}

function keptKernels(hash: string): readonly Kernel[] {
  const names = cacheNames().filter((name) => name.startsWith('kernel-') && name.endsWith(`-${hash}`));
  return names.map((name) => kernelIn(inCache(name)));
}

function kernelIn(folder: string): Kernel {
  const release = readFileSync(join(folder, 'release'), 'utf8').trim();
  return { release, vmlinuz: join(folder, 'vmlinuz'), modules: join(folder, 'modules.ext4') };
}
