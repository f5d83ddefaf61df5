import { chmodSync, cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { recipeHash } from '../../vm/build-cache.ts';
import { cacheFolder } from '../../vm/places.ts';
import { type SourceSet, suites } from '../../vm/versions.ts';
import { TransshipError } from '../error.ts';
import type { Lacking } from './component-module.ts';
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
  /** Debian's packages of the libraries that it is built with; null: unknown. */
  readonly buildDepends: readonly string[] | null;
  /** The checkout that it was copied from. */
  readonly checkout: string | null;
}

/** `sources.json`, which lies beside the trees. */
export interface FetchedSources {
  readonly schema: 'transship.source-fetch/1';
  readonly set: SourceSet | null;
  readonly trees: readonly FetchedTree[];
  readonly warnings: readonly string[];
  /** What could not be had, and keeps a program from being built. */
  readonly lacking: readonly Lacking[];
}

export interface FetchOptions {
  readonly set: SourceSet | null;
  /** Checkouts that stand in for packages, or are fetched alone. */
  readonly checkouts: readonly string[];
  /** Where they are put; null: the cache, where one set is fetched once. */
  readonly to: string | null;
  /** True: what a set in the cache lacks is asked for again. */
  readonly asksAgain?: boolean;
  readonly say: (line: string) => void;
}

export interface Fetched extends FetchedSources {
  readonly folder: string;
}

const manifestName = 'sources.json';
/** Raised when something is added to it, or trees are unpacked otherwise. */
const manifestVersion = 5;
const schema = 'transship.source-fetch/1';

/**
 * Sources of a version set, laid out as a GOPATH. A set is fetched once, into the cache; another place gets a copy of that.
 * @returns the folder, and what is in it
 * @throws TransshipError `not-ready` (mirror, tools), `input` (wrong sums, patches), `usage`: nothing is left behind then
 */
export async function fetchSources({ set, checkouts, to, asksAgain = false, say }: FetchOptions): Promise<Fetched> {
  if (set === null && checkouts.length === 0)
    throw new TransshipError('usage', 'nothing was named to be fetched', 'a set (debian13, testing), or --tree DIR');
  if (to === null && checkouts.length > 0)
    throw new TransshipError('usage', 'a checkout is copied to a place of your choice', 'add --to FOLDER');
  if (to !== null && existsSync(to))
    throw new TransshipError('usage', `${to}: is there already`, 'remove it, or name another folder');
  const cached = set === null ? null : await cachedSet(set, asksAgain, say);
  if (to === null && cached !== null) return cached;
  return wholeFolder(to as string, null, async (folder) => {
    const given = copyCheckouts(checkouts, folder);
    const kept = (cached?.trees ?? []).filter(({ place }) => !given.some((other) => other.place === place));
    for (const { place } of kept)
      cpSync(join(cached?.folder ?? '', 'src', place), join(folder, 'src', place), { recursive: true });
    return { schema, set, trees: [...given, ...kept], warnings: cached?.warnings ?? [], lacking: cached?.lacking ?? [] };
  });
}

/** A set that lacks something has a name of its own, so that it can be had later. */
async function cachedSet(set: SourceSet, asksAgain: boolean, say: FetchOptions['say']): Promise<Fetched> {
  const target = join(cacheFolder, `sources-${set}-${recipeHash([set, sourcePackages[set], suites, manifestVersion])}`);
  const lacking = `${target}-lacking`;
  const kept = [target, ...(asksAgain ? [] : [lacking])].find((folder) => existsSync(folder));
  if (kept !== undefined) return { folder: kept, ...readFetched(kept) };
  return wholeFolder(target, lacking, async (folder) => ({ schema, set, ...(await fetchSet({ set, folder, say })) }));
}

/**
 * Makes a folder aside and renames it when it is whole; when another was faster, its copy is the same.
 * @param lacking what it is called where something could not be had; null: the same
 */
async function wholeFolder(
  target: string,
  lacking: string | null,
  fill: (folder: string) => Promise<FetchedSources>,
): Promise<Fetched> {
  let partial: string | null = null;
  try {
    mkdirSync(dirname(target), { recursive: true });
    partial = mkdtempSync(`${target}.partial-`);
    chmodSync(partial, 0o755);
    const manifest = await fill(partial);
    writeFileSync(join(partial, manifestName), `${JSON.stringify(manifest, null, 2)}\n`);
    const folder = lacking !== null && manifest.lacking.length > 0 ? lacking : target;
    const earlier = lacking !== null && existsSync(lacking) ? readFetched(lacking) : manifest;
    if (lacking !== null && JSON.stringify(earlier) !== JSON.stringify(manifest)) rmSync(lacking, { recursive: true });
    if (!existsSync(folder)) renameSync(partial, folder);
    return { folder, ...manifest };
  } catch (error) {
    throw ofDisk(target, error as Error);
  } finally {
    if (partial !== null) rmSync(partial, { recursive: true, force: true });
  }
}

/** What the file system refused, as a full disk does, with the place that is meant. */
function ofDisk(target: string, cause: NodeJS.ErrnoException): Error {
  if (cause.syscall === undefined || cause instanceof TransshipError) return cause;
  return new TransshipError(
    'failed',
    `${target}: ${cause.message}: nothing of it is left`,
    'make room there, or name another folder: --to',
    {
      cause,
    },
  );
}

/** @throws TransshipError `input` when the folder is none of fetched sources */
function readFetched(folder: string): FetchedSources {
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
    return { place, package: null, version: null, patches: null, buildDepends: null, checkout };
  });
}

interface SetFetch {
  readonly set: SourceSet;
  readonly folder: string;
  readonly say: (line: string) => void;
}

type FetchedPart = Pick<FetchedSources, 'trees' | 'warnings' | 'lacking'>;

async function fetchSet({ set, folder, say }: SetFetch): Promise<FetchedPart> {
  const scratch = join(folder, '.scratch'); // on the same disk: trees are renamed out of it
  mkdirSync(scratch);
  try {
    const startMs = Date.now();
    const index = await openSourceIndex(set, scratch);
    const trees: FetchedTree[] = [];
    const warnings: string[] = [];
    const lacking: Lacking[] = [];
    for (const each of sourcePackages[set]) {
      const got = await fetchPackage(each, { index, scratch, folder });
      trees.push(...got.trees);
      warnings.push(...got.warnings);
      lacking.push(...got.lacking);
      for (const { place, version, patches } of got.trees) say(`  ${place} ${version}, ${patches ?? 'none of its'} patches`);
    }
    say(`fetched the sources of ${set} in ${((Date.now() - startMs) / 1000).toFixed(1)} s`);
    return { trees, warnings, lacking };
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

interface PackageFetch {
  readonly index: SourceIndex;
  readonly scratch: string;
  readonly folder: string;
}

async function fetchPackage({ name, trees, modules }: SourcePackage, at: PackageFetch): Promise<FetchedPart> {
  const downloads = join(at.scratch, name);
  mkdirSync(downloads);
  const files = await at.index.filesOf(name);
  await at.index.download(name, downloads);
  const into = join(at.scratch, `${name}.tree`);
  const { patches, buildDepends, warnings, lacking } = await unpackSource(files, { downloads, into, modules });
  // NAME_VERSION.dsc; a file name has no epoch, and nobody needs it here
  const version = /_(.+)\.dsc$/.exec(files.find((file) => file.name.endsWith('.dsc'))?.name ?? '')?.[1] ?? null;
  const there = trees.filter((tree) => existsSync(join(into, tree.folder)));
  for (const tree of there) placeTree(join(into, tree.folder), join(at.folder, 'src', tree.place));
  return {
    trees: there.map(({ place }) => ({ place, package: name, version, patches, buildDepends, checkout: null })),
    warnings,
    lacking,
  };
}
