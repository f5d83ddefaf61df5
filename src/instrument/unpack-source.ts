import { createHash } from 'node:crypto';
import { createReadStream, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { type ExecaError, execa } from 'execa';
import { TransshipError } from '../error.ts';
import type { SourceFile } from './source-index.ts';

export interface Unpacked {
  /** Debian's patches that were applied; null: the mirror has no file of them, the tree is upstream's. */
  readonly patches: number | null;
  /** Libraries that it is built with, as debian/control names them; null: the mirror has no file of that. */
  readonly buildDepends: readonly string[] | null;
  readonly warnings: readonly string[];
}

const toolLimitMs = 120_000;

/**
 * Unpacks a source package from its files, as `dpkg-source -x` would, also where the `.dsc` is missing: sums checked against the signed
 * index, components into their folders, patches applied in their order.
 * @throws TransshipError `not-ready` (upstream's archive is not to be had), `input` (a wrong sum, a patch that does not apply)
 */
export async function unpackSource(files: readonly SourceFile[], downloads: string, into: string): Promise<Unpacked> {
  const present = files.filter(({ name }) => existsSync(join(downloads, name)));
  for (const file of present) await checkSum(file, join(downloads, file.name));
  const missing = files.filter((file) => !present.includes(file) && !file.name.endsWith('.dsc'));
  const warnings = missing.map(({ name }) => `${name}: the mirror does not have it (404)`);
  const main = present.find(({ name }) => /\.orig\.tar\.\w+$/.test(name));
  if (main === undefined) {
    const name = files.find((file) => /\.orig\.tar\.\w+$/.test(file.name))?.name ?? 'the package';
    throw new TransshipError(
      'not-ready',
      `${name}: the mirror does not have it`,
      'another mirror: TRANSSHIP_DEBIAN_MIRROR; or a checkout: --tree DIR',
    );
  }
  mkdirSync(into, { recursive: true });
  await extract(join(downloads, main.name), into, 1);
  for (const { name } of present) {
    const component = /\.orig-([\w-]+)\.tar\.\w+$/.exec(name)?.[1];
    if (component === undefined) continue;
    mkdirSync(join(into, component), { recursive: true });
    await extract(join(downloads, name), join(into, component), 2);
  }
  const debian = present.find(({ name }) => /\.debian\.tar\.\w+$/.test(name));
  if (debian === undefined)
    return {
      patches: null,
      buildDepends: null,
      warnings: [...warnings, "Debian's patches are not applied: the tree is upstream's"],
    };
  await extract(join(downloads, debian.name), into, 0);
  const patches = await applyPatches(into, warnings); // some are for files that are removed next
  removeExcluded(into, addedByPatches(into));
  return { patches, buildDepends: buildDependsOf(into), warnings };
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
  const first = (await tool('tar', ['--list', '--file', archive], into)).split('\n')[0] ?? '';
  const dots = first.startsWith('./') ? 1 : 0;
  const words = ['--extract', '--no-same-owner', `--strip-components=${strip === 0 ? 0 : 1 + dots}`, '--file', archive];
  await tool('tar', words, into);
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

async function applyPatches(tree: string, warnings: string[]): Promise<number> {
  let applied = 0;
  for (const name of patchNames(tree)) {
    const file = join(tree, 'debian/patches', name);
    const absent = missingComponent(tree, readFileSync(file, 'utf8'));
    if (absent !== null) {
      warnings.push(`${name} is left out: it is for ${absent}/, which the mirror does not have`);
      continue;
    }
    await tool('patch', ['--silent', '--strip=1', '--forward', '--batch', `--input=${file}`], tree);
    applied += 1;
  }
  return applied;
}

function patchNames(tree: string): readonly string[] {
  const series = join(tree, 'debian/patches/series');
  if (!existsSync(series)) return [];
  const lines = readFileSync(series, 'utf8').split('\n');
  return lines.flatMap((line) => /^\s*([^#\s]+)/.exec(line)?.[1] ?? []);
}

/** The component that a patch is for, where that was not to be had. */
function missingComponent(tree: string, patch: string): string | null {
  const tops = [...patch.matchAll(/^(?:---|\+\+\+) [^/\s]+\/([^/\s]+)\//gm)].map(([, top = '']) => top);
  const [top] = tops;
  return top !== undefined && ['engine', 'cli', 'buildkit'].includes(top) && !existsSync(join(tree, top)) ? top : null;
}

async function tool(name: string, words: readonly string[], cwd: string): Promise<string> {
  try {
    return (await execa(name, words, { cwd, timeout: toolLimitMs, stdin: 'ignore', maxBuffer: 64 * 1024 * 1024 })).stdout;
  } catch (cause) {
    const { code, stderr, stdout, shortMessage } = cause as ExecaError;
    if (code === 'ENOENT')
      throw new TransshipError('not-ready', `there is no ${name} here`, `apt-get install ${name} xz-utils`, { cause });
    const why = `${stderr ?? ''}\n${stdout ?? ''}`.trim().split('\n').slice(-3).join('; ') || shortMessage;
    throw new TransshipError('input', `${words.at(-1)}: ${name} failed: ${why}`, 'is the disk full? the folder is removed again');
  }
}

/** Moves a tree of the unpacked package to its place in the GOPATH. */
export function placeTree(from: string, to: string): void {
  mkdirSync(join(to, '..'), { recursive: true });
  renameSync(from, to);
}
