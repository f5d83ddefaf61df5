import { closeSync, fstatSync, openSync, readdirSync, readFileSync, readSync, statSync, writeSync } from 'node:fs';
import { homedir } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import { parseRuncConf } from '../hosts/runc-conf.ts';
import type { ProcessWatch } from './process-watch.ts';

/** A file of CRIU's that is held open, so that it can be read after its writer's folder is gone. */
interface Held {
  readonly fd: number;
  readonly path: string;
}

export interface LogKeeper {
  /** Copies what was held into a folder; gives the copies and what they were called. */
  keep(
    folder: string,
  ): readonly { readonly path: string; readonly shown: string; readonly mtimeNs: bigint; readonly birthNs: bigint }[];
  close(): void;
}

/** Engines remove CRIU's folder as soon as they are done: looked at this often, a log of some milliseconds is caught. */
const everyMs = 5;
const names = /^(?:.*\.log|stats-(?:dump|restore)|criu\.log)$/;
const most = 64;
const mostFolders = 256;

/**
 * While a command runs, opens the logs and statistics that appear where CRIU's processes below it work, and where its words, CRIU's own
 * configuration and the engines' habits say so. Nothing is changed there. A file that is replaced is held anew.
 */
export function holdLogs(words: readonly string[], cwd: string, watch: ProcessWatch): LogKeeper {
  const since = BigInt(Date.now()) * 1_000_000n - 20_000_000n; // file times come from a coarse clock
  const held = new Map<string, Held>();
  const told = [...toldFolders(words, cwd), ...configuredFolders()];
  const look = () => {
    watch.look();
    for (const folder of new Set([...told, ...engineFolders(told), ...watch.criuFolders()]))
      for (const name of logNames(folder)) hold(held, join(folder, name), since);
  };
  look();
  const timer = setInterval(look, everyMs);
  return {
    keep(folder) {
      look();
      return [...held.values()].map(({ fd, path }, index) => {
        const copy = join(folder, `${index}-${basename(path)}`);
        copyOf(fd, copy);
        const { mtimeNs, birthtimeNs } = fstatSync(fd, { bigint: true });
        return { path: copy, shown: path, mtimeNs, birthNs: birthtimeNs };
      });
    },
    close() {
      clearInterval(timer);
      for (const { fd } of held.values()) closeSync(fd);
    },
  };
}

/** `-D DIR`, `--work-path=DIR`, `-o LOG`: every word that may name a folder, or a file in one. `runc checkpoint` makes `./checkpoint`. */
function toldFolders(words: readonly string[], cwd: string): readonly string[] {
  const values = words.flatMap((word) => [word, word.slice(word.indexOf('=') + 1)]).filter((word) => !word.startsWith('-'));
  const paths = values.map((value) => resolve(cwd, value));
  return [...new Set([cwd, join(cwd, 'checkpoint'), ...paths.flatMap((path) => [path, dirname(path)])])].slice(0, mostFolders);
}

/** criu(8), CONFIGURATION FILES: `work-dir DIR` and `log-file /DIR/NAME` send them elsewhere. */
function configuredFolders(): readonly string[] {
  const files = ['default', 'runc', 'crun'].map((name) => `/etc/criu/${name}.conf`);
  return [...files, join(homedir(), '.criu/default.conf')].flatMap((file) => {
    const conf = parseRuncConf(textOf(file));
    const log = conf.get('log-file');
    return [conf.get('work-dir'), log === undefined ? undefined : dirname(log)].filter((path) =>
      path?.startsWith('/'),
    ) as string[];
  });
}

function textOf(file: string): string {
  try {
    return readFileSync(file, 'latin1');
  } catch {
    return ''; // there is none
  }
}

/** Where podman (its usual storage, and any that is named with --root) and containerd have CRIU work. */
function engineFolders(told: readonly string[]): readonly string[] {
  const storages = ['/var/lib/containers/storage', join(homedir(), '.local/share/containers/storage'), ...told];
  return [
    ...storages.flatMap((storage) => below(join(storage, 'overlay-containers'), 'userdata')),
    // containerd core/runtime: the shim's pkg/process/init.go removes criu-work, and keeps a failed dump's log beside it
    ...containerd
      .flatMap((root) => below(root))
      .flatMap((namespace) => below(namespace))
      .flatMap((task) => [task, join(task, 'criu-work')]),
  ];
}

const containerd = [
  '/run/containerd/io.containerd.runtime.v2.task',
  '/var/lib/containerd/io.containerd.runtime.v2.task',
  '/run/docker/containerd/daemon/io.containerd.runtime.v2.task',
  '/var/lib/docker/containerd/daemon/io.containerd.runtime.v2.task',
];

function below(root: string, inner = ''): readonly string[] {
  try {
    return readdirSync(root).map((name) => join(root, name, inner));
  } catch {
    return []; // this engine is not here
  }
}

function logNames(folder: string): readonly string[] {
  try {
    return readdirSync(folder).filter((name) => names.test(name));
  } catch {
    return []; // no folder, or gone by now
  }
}

function hold(held: Map<string, Held>, path: string, since: bigint): void {
  try {
    const { ino, mtimeNs } = statSync(path, { bigint: true });
    const key = `${path}:${ino}`;
    if (mtimeNs < since || held.has(key) || held.size >= most) return;
    held.set(key, { fd: openSync(path, 'r'), path });
  } catch {
    // gone between look and open
  }
}

function copyOf(fd: number, to: string): void {
  const out = openSync(to, 'wx', 0o600);
  try {
    const chunk = Buffer.alloc(262_144);
    for (let at = 0, length = readSync(fd, chunk, 0, chunk.length, at); length > 0; ) {
      writeSync(out, chunk, 0, length);
      at += length;
      length = readSync(fd, chunk, 0, chunk.length, at);
    }
  } finally {
    closeSync(out);
  }
}
