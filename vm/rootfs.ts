import { join } from 'node:path';
import { debianMirror } from './apt-mirror.ts';
import { buildOnce, cacheFolder, recipeHash } from './build-cache.ts';
import { fromTesting, hostPackages, leastCriu, type PackageSet, suites } from './versions.ts';

/** Documentation is a third of the tree and nobody reads it there. */
export const leanOptions = ['doc', 'man', 'info', 'locale'].map((folder) => `--dpkgopt=path-exclude=/usr/share/${folder}/*`);

const preferences = `Package: *\nPin: release a=${suites.testing}\nPin-Priority: 100\n
Package: ${fromTesting.join(' ')}\nPin: release a=${suites.testing}\nPin-Priority: 990\n`;

/** `$1` is the tree: mmdebstrap gives it to its hooks. */
const setupHook = `mkdir -p "$1/etc/apt/preferences.d" && printf '${preferences.replaceAll('\n', '\\n')}' > "$1/etc/apt/preferences.d/testing"`;
const checkHook = `dpkg --compare-versions "$(chroot "$1" dpkg-query -W -f '\${Version}' criu)" ge ${leastCriu}`;

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
  const isTesting = packages === 'testing';
  const recipe = [
    '--mode=root',
    '--variant=minbase',
    `--include=${[...hostPackages, ...extra].join(',')}`,
    '--aptopt=APT::Install-Recommends "false"',
    ...leanOptions,
    ...(isTesting ? [] : [`--setup-hook=${setupHook}`]),
    `--customize-hook=${checkHook}`,
    isTesting ? suites.testing : suites.stable,
  ];
  const target = join(cacheFolder, `rootfs-${recipeHash([recipe, suites, process.arch])}`);
  const sources = (isTesting ? [suites.testing] : [suites.stable, suites.testing]).map((suite) => `deb ${uri} ${suite} main`);
  const apt = aptOptions.map((option) => `--aptopt=${option}`);
  const command = ['mmdebstrap', ...apt, ...recipe, `${target}.partial`, ...sources];
  return buildOnce({ target, command, what: 'the root tree of the test hosts', prefix, say });
}
