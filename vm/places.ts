import { existsSync, readdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { TransshipError } from '../src/error.ts';

/** Root's things are the machine's; any other user's lie where the XDG Base Directory Specification has them. */
export const isRoot = process.getuid?.() === 0;

/** Root's cache, which every user can read. */
const machineCache = '/var/cache/transship';

/** What is fetched and built once is kept there. */
export const cacheFolder = isRoot ? machineCache : join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'transship');

/** A thing of the cache by its name; root's serves every user, if it is there. */
export function inCache(name: string): string {
  const path = join(cacheFolder, name);
  const ofMachine = join(machineCache, name);
  return !existsSync(path) && existsSync(ofMachine) ? ofMachine : path;
}

/** All that is there for `inCache`. */
export function cacheNames(): readonly string[] {
  const folders = [...new Set([cacheFolder, machineCache])].filter((folder) => existsSync(folder));
  return [...new Set(folders.flatMap((folder) => readdirSync(folder)))];
}

const stateFolder = (): string => process.env.XDG_STATE_HOME || join(homedir(), '.local/state');

/** What a set is while it is up: keys, sockets, logs. On memory, where the user has such a folder. */
export function runFolder(set: string): string {
  if (isRoot) return join('/run/transship/testbed', set);
  const { XDG_RUNTIME_DIR } = process.env;
  return XDG_RUNTIME_DIR ? join(XDG_RUNTIME_DIR, 'transship/testbed', set) : join(stateFolder(), 'transship/run', set);
}

/** On disk, since Docker's folder must lie on no overlay and no tmpfs. */
export function dataFolder(set: string): string {
  return isRoot ? join('/var/lib/transship/testbed', set) : join(stateFolder(), 'transship/testbed', set);
}

/** A unix socket's path has 107 characters at most, and ssh appends 17 to `m/NAME` while it binds. */
const longestFolder = 80;

/** @throws TransshipError `not-ready` for a folder whose name ssh's configuration or QEMU's options would take apart */
export function requirePlainPath(folder: string): void {
  if (folder.length <= longestFolder && /^[A-Za-z0-9._/-]+$/.test(folder)) return;
  throw new TransshipError(
    'not-ready',
    `${folder}: test hosts cannot have their sockets there`,
    `it may have ${longestFolder} characters, of letters, digits, dot, dash and underscore: set XDG_RUNTIME_DIR and XDG_STATE_HOME`,
  );
}
