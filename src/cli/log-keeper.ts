import { closeSync, fstatSync, openSync, readdirSync, readSync, statSync, writeSync } from 'node:fs';
import { basename, dirname, isAbsolute, join, resolve } from 'node:path';

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

/**
 * While a command runs, opens the logs and statistics that appear where its words, and the engines' habits, say that CRIU works. Nothing is
 * changed there. A file that is replaced is held anew.
 */
export function holdLogs(words: readonly string[], cwd: string): LogKeeper {
  const since = BigInt(Date.now()) * 1_000_000n - 20_000_000n; // file times come from a coarse clock
  const held = new Map<string, Held>();
  const look = () => {
    for (const folder of foldersOf(words, cwd)) for (const name of logNames(folder)) hold(held, join(folder, name), since);
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

/** `-D DIR`, `--work-path=DIR`, `-o LOG`: every word that names a folder, or a file in one. And where podman and containerd have CRIU work. */
function foldersOf(words: readonly string[], cwd: string): readonly string[] {
  const values = words.flatMap((word) => [word, word.slice(word.indexOf('=') + 1)]);
  const paths = values
    .filter((value) => value.includes('/') || value === '.')
    .map((value) => (isAbsolute(value) ? value : resolve(cwd, value)));
  return [
    ...new Set([
      cwd,
      ...paths.flatMap((path) => [path, dirname(path)]),
      ...below(podman, 'userdata'),
      ...containerd.flatMap((root) => below(root)),
    ]),
  ];
}

const podman = '/var/lib/containers/storage/overlay-containers';
const containerd = [
  '/run/containerd/io.containerd.runtime.v2.task/default',
  '/run/containerd/io.containerd.runtime.v2.task/moby',
  '/run/containerd/io.containerd.runtime.v2.task/k8s.io',
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
