import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { TransshipError } from '../error.ts';
import { moduleByComment, moduleOf } from './go-module.ts';

export interface GoFile {
  /** As the user would type it. */
  readonly path: string;
  readonly name: string;
  /** Import path of its package; a vendored one's own. */
  readonly package: string;
  readonly isVendored: boolean;
}

const skippedFolders = new Set(['.git', 'testdata', 'node_modules', '_build']);

/**
 * Every Go file below the folders, in order.
 * @throws TransshipError `input` when there is none
 */
export function goFilesIn(folders: readonly string[]): readonly GoFile[] {
  const files = folders.flatMap((folder) => {
    if (statSync(folder, { throwIfNoEntry: false })?.isDirectory() !== true)
      throw new TransshipError('input', `${folder}: no such folder`, 'transship source fetch prints where it put the sources');
    const found: GoFile[] = [];
    walk(folder, packagesBelow(folder), found);
    if (found.length === 0)
      throw new TransshipError(
        'input',
        `${folder}: there is no Go file in it`,
        'name a folder of fetched sources, or a checkout',
      );
    return found;
  });
  return files;
}

/** The text of a Go file, which is UTF-8 by the language's definition. */
export function readGo(path: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(readFileSync(path));
  } catch (cause) {
    throw new TransshipError('input', `${path}: ${(cause as Error).message}`, 'a Go file is UTF-8, and readable', { cause });
  }
}

interface Naming {
  /** Folder of the module, and its import path. */
  readonly root: string;
  readonly module: string;
}

function walk(folder: string, naming: Naming, found: GoFile[]): void {
  // a vendored module may have brought its go.mod along
  const isVendored = `/${relative(naming.root, resolve(folder))}/`.includes('/vendor/');
  const own = isVendored ? naming : namingAt(folder, naming);
  for (const entry of readdirSync(folder, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) {
      if (!skippedFolders.has(entry.name)) walk(path, own, found);
    } else if (entry.isFile() && entry.name.endsWith('.go')) found.push(goFile(path, entry.name, own));
  }
}

function goFile(path: string, name: string, { root, module }: Naming): GoFile {
  const inside = relative(root, dirname(resolve(path)));
  const full = [module, inside].filter((part) => part !== '').join('/');
  const vendored = full.lastIndexOf('/vendor/');
  return { path, name, package: vendored < 0 ? full : full.slice(vendored + '/vendor/'.length), isVendored: vendored >= 0 };
}

/** A GOPATH's `src` names packages by their place, a module by its go.mod, what is older by its import comments. */
function packagesBelow(folder: string): Naming {
  for (let at = resolve(folder); at !== dirname(at); at = dirname(at)) {
    const naming = namingAt(at, null);
    if (naming !== null) return naming;
    if (at.endsWith('/src')) return { root: at, module: '' };
  }
  return { root: resolve(folder), module: moduleByComment(folder) ?? '' };
}

function namingAt<T extends Naming | null>(folder: string, outer: T): Naming | T {
  if (existsSync(join(folder, 'sources.json'))) return { root: join(resolve(folder), 'src'), module: '' };
  if (outer?.module === '' && resolve(folder).startsWith(join(outer.root, '/'))) return outer; // in a GOPATH the place is the name
  if (!existsSync(join(folder, 'go.mod')) && !existsSync(join(folder, 'vendor.mod'))) return outer;
  return { root: resolve(folder), module: moduleOf(folder) };
}
