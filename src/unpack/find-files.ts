import { lstatSync, readdirSync, readlinkSync, type Stats, statSync } from 'node:fs';
import { join, sep } from 'node:path';
import { TransshipError } from '../error.ts';
import { unreadable } from './file-bytes.ts';
import type { FileTimes, Found } from './found-file.ts';
import { limits } from './limits.ts';
import type { FindOptions, Search } from './search.ts';
import { unpackFile } from './unpack-file.ts';

/** A path to look at; `-` is standard input, which lies in a file by now. */
export interface Input {
  readonly path: string;
  readonly shown: string;
  readonly hasTimes: boolean;
}

const noTimes: FileTimes = { mtimeNs: null, birthNs: null, resolutionNs: 0n };

/**
 * The files of paths, folders and archives (gzip, zstd, tar, and one in another), recognised by content.
 * @throws TransshipError `input` when a path cannot be read
 */
export async function findFiles(inputs: readonly Input[], options: FindOptions): Promise<Found> {
  const store = { folder: options.folder, count: 0, bytes: 0 };
  const search: Search = { ...options, store, files: [], parents: [], warnings: [] };
  for (const { path, shown, hasTimes } of inputs) {
    if (isFolder(path, shown)) await searchFolder(search, { path, shown, depth: 0 });
    else await unpackFile(search, { path, shown, isNamed: true, times: hasTimes ? timesOf(path) : noTimes }, 0);
  }
  const { files, parents, warnings } = search;
  return { files, parents, warnings };
}

async function searchFolder(search: Search, place: { path: string; shown: string; depth: number }): Promise<void> {
  const { path, shown, depth } = place;
  const names = readFolder(path, shown);
  for (const name of names.sort((a, b) => a.localeCompare(b, 'en', { numeric: true }))) {
    const entry = { path: join(path, name), shown: join(shown, name).replaceAll(sep, '/') };
    const stat = lstatSync(entry.path, { throwIfNoEntry: false });
    if (stat?.isSymbolicLink() && name === 'parent') search.parents.push({ folder: shown, target: readlinkSync(entry.path) });
    else if (stat?.isDirectory() && depth < limits.folderDepth) await searchFolder(search, { ...entry, depth: depth + 1 });
    else if (stat?.isFile() && !isPages(name))
      await unpackFile(search, { ...entry, isNamed: false, times: timesOf(entry.path) }, 0);
    if (search.files.length > limits.files)
      throw new TransshipError('input', `${shown}: more than ${limits.files} files`, 'name the folder that holds the logs');
  }
}

/** The memory itself: large, and of no format. */
function isPages(name: string): boolean {
  return /^pages-\d+\.img$/.test(name);
}

function readFolder(path: string, shown: string): string[] {
  try {
    return readdirSync(path);
  } catch (cause) {
    throw unreadable(shown, cause, 'copy it with sudo, or change its mode');
  }
}

function isFolder(path: string, shown: string): boolean {
  let stat: Stats;
  try {
    stat = statSync(path);
  } catch (cause) {
    throw unreadable(shown, cause, 'check the path');
  }
  if (stat.isDirectory() || stat.isFile()) return stat.isDirectory();
  throw new TransshipError('input', `${shown}: neither a file nor a folder`, 'for a pipe, use - and standard input');
}

function timesOf(path: string): FileTimes {
  const { mtimeNs, birthtimeNs } = statSync(path, { bigint: true });
  return { mtimeNs, birthNs: birthtimeNs > 0n ? birthtimeNs : null, resolutionNs: 0n };
}
