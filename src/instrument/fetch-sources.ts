import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { cacheFolder, recipeHash } from '../../vm/build-cache.ts';
import { type PackageSet, suites } from '../../vm/versions.ts';
import { TransshipError } from '../error.ts';
import { moduleOf } from './go-module.ts';
import { openSourceIndex, type SourceIndex } from './source-index.ts';
import { type SourcePackage, sourcePackages } from './source-packages.ts';
import { placeTree, unpackSource } from './unpack-source.ts';

/** One project in a folder of fetched sources. */
export interface FetchedTree {
  /** Import path: it stands at `src/PLACE`. */
  readonly place: string;
  /** Debian's source package; null: copied from a checkout. */
  readonly package: string | null;
  /** Debian's version; null: unknown (a checkout). */
  readonly version: string | null;
  /** How many of Debian's patches were applied; null: none could be had. */
  readonly patches: number | null;
  /** The checkout that it was copied from. */
  readonly checkout: string | null;
}

/** `sources.json`, which lies beside the trees. */
export interface FetchedSources {
  readonly schema: 'transship.source-fetch/1';
  readonly set: PackageSet | null;
  readonly trees: readonly FetchedTree[];
  readonly warnings: readonly string[];
}

export interface FetchOptions {
  readonly set: PackageSet | null;
  /** Checkouts that stand in for packages, or are fetched alone. */
  readonly checkouts: readonly string[];
  /** Where they are put; null: the cache, where one set is fetched once. */
  readonly to: string | null;
  readonly say: (line: string) => void;
}

const manifestName = 'sources.json';

/** Where what was fetched and built is kept: the project's own cache for root, the user's otherwise. */
export function sourceCache(): string {
  if (process.getuid?.() === 0) return cacheFolder;
  return join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'transship');
}

/**
 * Sources of a version set, laid out as a GOPATH.
 * @returns the folder, and what is in it
 * @throws TransshipError `not-ready` (mirror, tools), `input` (wrong sums, patches), `usage`: nothing is left behind then
 */
export async function fetchSources(options: FetchOptions): Promise<FetchedSources & { readonly folder: string }> {
  const { set, checkouts, say } = options;
  if (set === null && checkouts.length === 0)
    throw new TransshipError('usage', 'nothing was named to be fetched', 'a set (debian13, testing), or --tree DIR');
  const recipe = recipeHash([set, set && sourcePackages[set], suites]);
  const target = options.to ?? join(sourceCache(), `sources-${set ?? 'checkout'}-${recipe}`);
  const isCached = options.to === null && checkouts.length === 0;
  if (isCached && existsSync(target)) return { folder: target, ...readFetched(target) };
  if (options.to === null && checkouts.length > 0)
    throw new TransshipError('usage', 'a checkout is copied to a place of your choice', 'add --to FOLDER');
  if (existsSync(target)) throw new TransshipError('usage', `${target}: is there already`, 'remove it, or name another folder');
  mkdirSync(dirname(target), { recursive: true });
  const partial = mkdtempSync(`${target}.partial-`);
  try {
    const given = copyCheckouts(checkouts, partial);
    const fetched = set === null ? { trees: [], warnings: [] } : await fetchSet({ set, given, folder: partial, say });
    const manifest: FetchedSources = {
      schema: 'transship.source-fetch/1',
      set,
      trees: [...given, ...fetched.trees],
      warnings: fetched.warnings,
    };
    writeFileSync(join(partial, manifestName), `${JSON.stringify(manifest, null, 2)}\n`);
    if (!(isCached && existsSync(target))) renameSync(partial, target); // else another was faster: its copy is the same
    return { folder: target, ...manifest };
  } finally {
    rmSync(partial, { recursive: true, force: true });
  }
}

/** @throws TransshipError `input` when the folder is none of fetched sources */
export function readFetched(folder: string): FetchedSources {
  const file = join(folder, manifestName);
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as FetchedSources;
  } catch (cause) {
    throw new TransshipError(
      'input',
      `${file}: ${(cause as Error).message}`,
      'remove the folder and fetch again: transship source fetch',
      { cause },
    );
  }
}

function copyCheckouts(checkouts: readonly string[], folder: string): readonly FetchedTree[] {
  return checkouts.map((checkout) => {
    const place = moduleOf(checkout);
    const to = join(folder, 'src', place);
    if (existsSync(to)) throw new TransshipError('usage', `${checkout}: ${place} was named before`, 'name one checkout of it');
    cpSync(checkout, to, { recursive: true, filter: (path) => !path.endsWith('/.git') });
    return { place, package: null, version: null, patches: null, checkout };
  });
}

interface SetFetch {
  readonly set: PackageSet;
  readonly given: readonly FetchedTree[];
  readonly folder: string;
  readonly say: (line: string) => void;
}

async function fetchSet({ set, given, folder, say }: SetFetch): Promise<Pick<FetchedSources, 'trees' | 'warnings'>> {
  const scratch = join(folder, '.scratch'); // on the same disk: trees are renamed out of it
  mkdirSync(scratch);
  try {
    const startMs = Date.now();
    const index = await openSourceIndex(set, scratch);
    const trees: FetchedTree[] = [];
    const warnings: string[] = [];
    for (const each of sourcePackages[set]) {
      const got = await fetchPackage(each, { index, scratch, folder, given });
      trees.push(...got.trees);
      warnings.push(...got.warnings);
      for (const { place, version, patches } of got.trees) say(`  ${place} ${version}, ${patches ?? 'none of its'} patches`);
    }
    for (const warning of warnings) say(`warning: ${warning}`);
    say(`fetched the sources of ${set} in ${((Date.now() - startMs) / 1000).toFixed(1)} s`);
    return { trees, warnings };
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

interface PackageFetch {
  readonly index: SourceIndex;
  readonly scratch: string;
  readonly folder: string;
  readonly given: readonly FetchedTree[];
}

async function fetchPackage(
  { name, trees }: SourcePackage,
  at: PackageFetch,
): Promise<Pick<FetchedSources, 'trees' | 'warnings'>> {
  const wanted = trees.filter((tree) => !at.given.some(({ place }) => place === tree.place));
  if (wanted.length === 0) return { trees: [], warnings: [] };
  const downloads = join(at.scratch, name);
  mkdirSync(downloads);
  const files = await at.index.filesOf(name);
  await at.index.download(name, downloads);
  const unpacked = join(at.scratch, `${name}.tree`);
  const { patches, warnings } = await unpackSource(files, downloads, unpacked);
  // NAME_VERSION.dsc; a file name has no epoch, and nobody needs it here
  const version = /_(.+)\.dsc$/.exec(files.find((file) => file.name.endsWith('.dsc'))?.name ?? '')?.[1] ?? null;
  const there = wanted.filter((tree) => existsSync(join(unpacked, tree.folder)));
  for (const tree of there) placeTree(join(unpacked, tree.folder), join(at.folder, 'src', tree.place));
  return { trees: there.map(({ place }) => ({ place, package: name, version, patches, checkout: null })), warnings };
}
