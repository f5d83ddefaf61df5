import { join } from 'node:path';
import { debianMirror } from './apt-mirror.ts';
import { buildOnce, recipeHash } from './build-cache.ts';
import { cacheFolder } from './places.ts';
import { hostSets, type PackageSet, packagesOf, suites } from './versions.ts';

/** Documentation is a third of the tree and nobody reads it there. */
export const leanOptions = ['doc', 'man', 'info', 'locale'].map((folder) => `--dpkgopt=path-exclude=/usr/share/${folder}/*`);

export interface RootTree {
  readonly packages: PackageSet;
  /** Debian packages besides those of every host. */
  readonly extra: readonly string[];
  /** Words put before what is run. */
  readonly prefix: readonly string[];
  readonly say: (line: string) => void;
}

export interface TreeRecipe {
  /** What the tree is called in the cache. */
  readonly name: string;
  readonly suite: string;
  readonly packages: readonly string[];
  /** mmdebstrap's options besides mode, variant and packages. */
  readonly options: readonly string[];
  /** How this machine's apt reaches the mirror. */
  readonly apt: readonly string[];
  readonly sources: readonly string[];
}

export async function treeRecipe({ packages, extra }: Pick<RootTree, 'packages' | 'extra'>): Promise<TreeRecipe> {
  const { uri, aptOptions } = await debianMirror();
  const { suite, fromTesting } = hostSets[packages];
  const names = [...packagesOf(packages), ...extra];
  const options = [
    '--aptopt=APT::Install-Recommends "false"',
    ...leanOptions,
    ...(fromTesting === null ? [] : pinHooks(fromTesting.names, fromTesting.least)),
  ];
  return {
    ...{ suite, packages: names, options },
    name: `rootfs-${recipeHash([[...installing, `--include=${names.join(',')}`, ...options, suite], suites.testing, process.arch])}`,
    apt: aptOptions.map((option) => `--aptopt=${option}`),
    sources: [suite, ...(fromTesting === null ? [] : [suites.testing])].map((name) => `deb ${uri} ${name} main`),
  };
}

const installing = ['--mode=root', '--variant=minbase'];

/**
 * The root tree that all test hosts share below their own layer: built once for a recipe.
 * @returns its path
 * @throws TransshipError `not-ready`
 */
export async function rootTree({ packages, extra, prefix, say }: RootTree): Promise<string> {
  const { name, suite, packages: names, options, apt, sources } = await treeRecipe({ packages, extra });
  const target = join(cacheFolder, name);
  const include = `--include=${names.join(',')}`;
  const command = ['mmdebstrap', ...apt, ...installing, include, ...options, suite, `${target}.partial`, ...sources];
  return buildOnce({ target, command, what: `the root tree of the test hosts (${packages})`, prefix, say });
}

/** The same packages unpacked and not installed, with their archives beside them: no script of any runs, so it needs no rights. */
export function unpacking({ suite, packages, options, apt, sources }: TreeRecipe, tree: string): readonly string[] {
  const ofSuite = `?or(?archive(^${suite}$),?codename(^${suite}$))`;
  const base = `--include=?narrow(${ofSuite},?or(?essential,?priority(required)))`;
  const mode = ['--mode=chrootless', '--variant=extract', '--skip=cleanup/apt/cache'];
  const include = `--include=apt,${packages.join(',')}`;
  return ['mmdebstrap', ...apt, ...mode, base, include, ...options, suite, tree, ...sources];
}

/** `$1` is the tree: mmdebstrap gives it to its hooks. */
function pinHooks(names: readonly string[], least: string): readonly string[] {
  const preferences = `Package: *\nPin: release a=${suites.testing}\nPin-Priority: 100\n
Package: ${names.join(' ')}\nPin: release a=${suites.testing}\nPin-Priority: 990\n`;
  const text = preferences.replaceAll('\n', '\\n');
  const version = `$(chroot "$1" dpkg-query -W -f '\${Version}' ${names[0]})`;
  return [
    `--setup-hook=mkdir -p "$1/etc/apt/preferences.d" && printf '${text}' > "$1/etc/apt/preferences.d/testing"`,
    `--customize-hook=dpkg --compare-versions "${version}" ge ${least}`,
  ];
}
