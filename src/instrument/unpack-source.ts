import { createHash } from 'node:crypto';
import { createReadStream, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { TransshipError } from '../error.ts';
import { type Lacking, placeModule, takeModule } from './component-module.ts';
import type { SourceFile } from './source-index.ts';
import type { ComponentModule } from './source-packages.ts';
import { unpackTool } from './unpack-tool.ts';

export interface Unpacking {
  /** Where the files are. */
  readonly downloads: string;
  readonly into: string;
  /** What stands in for components that the mirror lacks. */
  readonly modules: readonly ComponentModule[];
}

export interface Unpacked {
  /** Debian's patches that were applied; null: the mirror has no file of them, the tree is upstream's. */
  readonly patches: number | null;
  /** Libraries that it is built with, as debian/control names them; null: the mirror has no file of that. */
  readonly buildDepends: readonly string[] | null;
  readonly warnings: readonly string[];
  readonly lacking: readonly Lacking[];
}

/**
 * Unpacks a source package from its files, as `dpkg-source -x` would, also where the `.dsc` is missing: sums checked against the signed
 * index, components into their folders, patches applied in their order.
 * @throws TransshipError `not-ready` (upstream's archive is not to be had), `input` (a wrong sum, a patch that does not apply)
 */
export async function unpackSource(files: readonly SourceFile[], { downloads, into, modules }: Unpacking): Promise<Unpacked> {
  const present = files.filter(({ name }) => existsSync(join(downloads, name)));
  for (const file of present) await checkSum(file, join(downloads, file.name));
  mkdirSync(into, { recursive: true });
  await extract(join(downloads, mainArchive(files, present)), into, 1);
  for (const { name } of present) {
    const component = componentOf(name);
    if (component === null) continue;
    mkdirSync(join(into, component), { recursive: true });
    await extract(join(downloads, name), join(into, component), 2);
  }
  const missing = files.filter((file) => !present.includes(file) && !file.name.endsWith('.dsc'));
  const wanted = modules.filter(({ component }) => missing.some(({ name }) => componentOf(name) === component));
  const { taken, lacking, said } = await takeModules(wanted, into);
  const warnings = [...missing.map(({ name }) => `${name}: the mirror does not have it (404)`), ...said];
  const debian = present.find(({ name }) => /\.debian\.tar\.\w+$/.test(name));
  if (debian !== undefined) await extract(join(downloads, debian.name), into, 0);
  else warnings.push("Debian's patches are not applied: the tree is upstream's");
  const patches = debian === undefined ? null : await applyPatches(into, taken, warnings); // some are for files that are removed next
  if (debian !== undefined) removeExcluded(into, addedByPatches(into));
  for (const each of taken) placeModule(each, into);
  return { patches, buildDepends: debian === undefined ? null : buildDependsOf(into), warnings, lacking };
}

/** @throws TransshipError `not-ready` */
function mainArchive(files: readonly SourceFile[], present: readonly SourceFile[]): string {
  const isMain = ({ name }: SourceFile): boolean => /\.orig\.tar\.\w+$/.test(name);
  const main = present.find(isMain);
  if (main !== undefined) return main.name;
  throw new TransshipError(
    'not-ready',
    `${files.find(isMain)?.name ?? 'the package'}: the mirror does not have it`,
    'another mirror: TRANSSHIP_DEBIAN_MIRROR; or a checkout: --tree DIR',
  );
}

function componentOf(name: string): string | null {
  return /\.orig-([\w-]+)\.tar\.\w+$/.exec(name)?.[1] ?? null;
}

interface Taken {
  readonly taken: readonly ComponentModule[];
  readonly lacking: readonly Lacking[];
  readonly said: readonly string[];
}

/** What cannot be had is told, and the rest is of use without it; what is another than it should be is an error. */
async function takeModules(wanted: readonly ComponentModule[], into: string): Promise<Taken> {
  const taken: ComponentModule[] = [];
  const lacking: Lacking[] = [];
  const said: string[] = [];
  for (const each of wanted) {
    try {
      said.push(`${each.component} is taken from elsewhere: ${await takeModule(each, into)}`);
      taken.push(each);
    } catch (error) {
      if (!(error instanceof TransshipError) || error.code !== 'not-ready') throw error;
      const { component, program } = each;
      lacking.push({ component, program, why: error.message, hint: error.hint });
      said.push(
        `${component} as a Go module cannot be had either, and ${program} cannot be built without: ${error.message} (${error.hint})`,
      );
    }
  }
  return { taken, lacking, said };
}

/** Of `a (>= 1) | b, c [linux-any] <!nocheck>` the first names; only what Go is compiled against: -dev packages. */
function buildDependsOf(tree: string): readonly string[] {
  const control = readFileSync(join(tree, 'debian/control'), 'utf8').split(/\n\n/)[0] ?? '';
  const fields = [...control.matchAll(/^Build-Depends(?:-Arch|-Indep)?:((?:.*\n?(?:[ \t#].*\n?)*))/gm)].map(
    ([, list = '']) => list,
  );
  const names = fields
    .flatMap((list) => list.replace(/^#.*$/gm, '').split(','))
    .map((entry) => /^\s*([a-z0-9][a-z0-9.+-]+)/.exec(entry)?.[1]);
  return [...new Set(names.filter((name) => name?.endsWith('-dev') === true))].map(String).sort();
}

async function checkSum({ name, sha256 }: SourceFile, path: string): Promise<void> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
  const found = hash.digest('hex');
  if (found === sha256) return;
  throw new TransshipError(
    'input',
    `${name}: SHA-256 is ${found}, the signed index says ${sha256}`,
    'the download was cut short or changed on its way: fetch again',
  );
}

/** `strip`: how many folders at the head of each name are dropped (`./cli/x` has two, `runc-1.1/x` one). */
async function extract(archive: string, into: string, strip: number): Promise<void> {
  const first = (await unpackTool('tar', ['--list', '--file', archive], into)).split('\n')[0] ?? '';
  const dots = first.startsWith('./') ? 1 : 0;
  const words = ['--extract', '--no-same-owner', `--strip-components=${strip === 0 ? 0 : 1 + dots}`, '--file', archive];
  await unpackTool('tar', words, into);
}

/**
 * Files that Debian's patches make in folders that upstream's archive came without, and that stay (containerd's `vendor/…/zfs`). Where
 * debian/rules deletes by the list itself (docker.io's override_dh_clean), patches were for files that go.
 */
function addedByPatches(tree: string): ReadonlySet<string> {
  const rules = join(tree, 'debian/rules');
  if (existsSync(rules) && readFileSync(rules, 'utf8').includes('Files-Excluded')) return new Set();
  const added = patchNames(tree).flatMap((name) => {
    const text = readFileSync(join(tree, 'debian/patches', name), 'utf8');
    return [...text.matchAll(/^--- \/dev\/null.*\n\+\+\+ [^/\s]+\/(\S+)/gm)].map(([, path = '']) => join(tree, path));
  });
  return new Set(added);
}

/** Vendored copies that debian/copyright excludes and debian/rules (override_dh_clean) deletes: Debian's own packages stand in for them. */
function removeExcluded(tree: string, kept: ReadonlySet<string>): void {
  const copyright = join(tree, 'debian/copyright');
  if (!existsSync(copyright)) return;
  const head = readFileSync(copyright, 'utf8').split(/\n\n/)[0] ?? '';
  const globs = [...head.matchAll(/^Files-Excluded:((?:.*\n?(?:[ \t].*\n?)*))/gm)].flatMap(([, list = '']) => list.split(/\s+/));
  for (const glob of globs.filter((each) => each !== '')) for (const path of expand(tree, glob)) removeBut(kept, path);
}

function removeBut(kept: ReadonlySet<string>, path: string): void {
  if (kept.has(path)) return;
  if (![...kept].some((each) => each.startsWith(`${path}/`))) {
    rmSync(path, { recursive: true, force: true });
    return;
  }
  for (const name of readdirSync(path)) removeBut(kept, join(path, name));
}

/** Paths that a glob of debian/copyright names below any top folder (`* /GLOB` in debian/rules) or the tree itself. */
function expand(tree: string, glob: string): readonly string[] {
  const tops = [
    tree,
    ...readdirSync(tree, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => join(tree, name)),
  ];
  return tops.flatMap((top) =>
    glob.split('/').reduce((found, part) => found.flatMap((at) => matching(at, part)), [top] as readonly string[]),
  );
}

function matching(folder: string, part: string): readonly string[] {
  if (!/[*?]/.test(part)) return existsSync(join(folder, part)) ? [join(folder, part)] : [];
  const pattern = new RegExp(
    `^${part
      .replace(/[.+^${}()|[\]\\]/g, '\\$&')
      .replaceAll('*', '.*')
      .replaceAll('?', '.')}$`,
  );
  try {
    return readdirSync(folder)
      .filter((name) => pattern.test(name))
      .map((name) => join(folder, name));
  } catch {
    return []; // a file, no folder
  }
}

async function applyPatches(tree: string, taken: readonly ComponentModule[], warnings: string[]): Promise<number> {
  let applied = 0;
  for (const name of patchNames(tree)) {
    const file = join(tree, 'debian/patches', name);
    const why = await leftOut(tree, file, taken);
    if (why !== null) {
      warnings.push(`${name} is left out: ${why}`);
      continue;
    }
    await unpackTool('patch', [...patchWords, `--input=${file}`], tree);
    applied += 1;
  }
  return applied;
}

const patchWords = ['--silent', '--strip=1', '--forward', '--batch'];

/** Why a patch is not applied; null: it is. A module may be of another version than what Debian patched. */
async function leftOut(tree: string, file: string, taken: readonly ComponentModule[]): Promise<string | null> {
  const component = patchedComponent(readFileSync(file, 'utf8'));
  if (component === null) return null;
  if (!existsSync(join(tree, component))) return `it is for ${component}/, which the mirror does not have`;
  if (!taken.some((each) => each.component === component)) return null;
  try {
    await unpackTool('patch', [...patchWords, '--dry-run', `--input=${file}`], tree);
    return null;
  } catch (error) {
    return `it is not for the ${component} that was taken: ${(error as Error).message}`;
  }
}

function patchNames(tree: string): readonly string[] {
  const series = join(tree, 'debian/patches/series');
  if (!existsSync(series)) return [];
  const lines = readFileSync(series, 'utf8').split('\n');
  return lines.flatMap((line) => /^\s*([^#\s]+)/.exec(line)?.[1] ?? []);
}

/** The component that a patch is for; null: the whole, or another's. */
function patchedComponent(patch: string): string | null {
  const top = /^(?:---|\+\+\+) [^/\s]+\/([^/\s]+)\//m.exec(patch)?.[1];
  return top !== undefined && ['engine', 'cli', 'buildkit'].includes(top) ? top : null;
}

/** Moves a tree of the unpacked package to its place in the GOPATH. */
export function placeTree(from: string, to: string): void {
  mkdirSync(join(to, '..'), { recursive: true });
  renameSync(from, to);
}
