import { join } from 'node:path';
import { debianMirror } from './apt-mirror.ts';
import { buildOnce, cacheFolder, recipeHash } from './build-cache.ts';
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

/**
 * The root tree that all test hosts share below their own layer: built once for a recipe.
 * @returns its path
 * @throws TransshipError `not-ready`
 */
export async function rootTree({ packages, extra, prefix, say }: RootTree): Promise<string> {
  const { uri, aptOptions } = await debianMirror();
  const { suite, fromTesting } = hostSets[packages];
  const recipe = [
    '--mode=root',
    '--variant=minbase',
    `--include=${[...packagesOf(packages), ...extra].join(',')}`,
    '--aptopt=APT::Install-Recommends "false"',
    ...leanOptions,
    ...(fromTesting === null ? [] : pinHooks(fromTesting.names, fromTesting.least)),
    suite,
  ];
  const target = join(cacheFolder, `rootfs-${recipeHash([recipe, suites.testing, process.arch])}`);
  const sources = [suite, ...(fromTesting === null ? [] : [suites.testing])].map((name) => `deb ${uri} ${name} main`);
  const apt = aptOptions.map((option) => `--aptopt=${option}`);
  const command = ['mmdebstrap', ...apt, ...recipe, `${target}.partial`, ...sources];
  return buildOnce({ target, command, what: `the root tree of the test hosts (${packages})`, prefix, say });
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
