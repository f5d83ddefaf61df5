import { join } from 'node:path';
import { debianMirror } from './apt-mirror.ts';
import { buildOnce, recipeHash } from './build-cache.ts';
import { cacheFolder } from './places.ts';
import { leanOptions } from './rootfs.ts';
import { type SourceSet, suites } from './versions.ts';

export interface GoRoot {
  readonly set: SourceSet;
  /** Debian packages besides Go and a C compiler. */
  readonly packages: readonly string[];
  readonly say: (line: string) => void;
}

const toolPackages = ['gcc', 'golang-go', 'libc6-dev', 'pkgconf'];

/**
 * A root tree with Go and the libraries that Docker's programs are built with, all of Debian's packages: built once for a recipe.
 * @returns its path
 * @throws TransshipError `not-ready`
 */
export async function goRoot({ set, packages, say }: GoRoot): Promise<string> {
  const { uri, aptOptions } = await debianMirror();
  const suite = set === 'testing' ? suites.testing : suites.stable;
  const recipe = [
    '--mode=root',
    '--variant=minbase',
    `--include=${[...toolPackages, ...packages].join(',')}`,
    '--aptopt=APT::Install-Recommends "false"',
    ...leanOptions,
    '--customize-hook=mkdir -p "$1/go" "$1/gocache"',
    suite,
  ];
  const target = join(cacheFolder, `go-${set}-${recipeHash([recipe, process.arch])}`);
  const apt = aptOptions.map((option) => `--aptopt=${option}`);
  const command = ['mmdebstrap', ...apt, ...recipe, `${target}.partial`, `deb ${uri} ${suite} main`];
  return buildOnce({ target, command, what: `a tree with Go, for ${set}`, prefix: [], say, limitMs: 3_600_000 });
}
