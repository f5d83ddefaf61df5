import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import type { ProcessRecord } from '../evidence/records.ts';
import { nowNs } from '../trace/time.ts';

/** The processes that a command starts, and where those of CRIU work. */
export interface ProcessWatch {
  /** Follows this process and all below it from now on. */
  follow(pid: number): void;
  look(): void;
  /** Work folders of CRIU's, and those of the logs that it holds open. */
  criuFolders(): readonly string[];
  records(): readonly ProcessRecord[];
}

interface Seen {
  readonly pid: number;
  readonly parent: number | null;
  readonly firstNs: bigint;
  /** The look before the first and the one before the last: its ends lie between. */
  readonly notYetNs: bigint;
  words: readonly string[];
  lastNs: bigint;
  goneNs: bigint | null;
}

/** A shell script may start any number of others. */
const most = 1000;

/** Reads /proc alone (proc(5), `children`: kernels with CONFIG_CHECKPOINT_RESTORE have it); nothing is traced, and no process waits for us. */
export function watchProcesses(): ProcessWatch {
  const seen = new Map<number, Seen>();
  const folders = new Set<string>();
  let before = nowNs();
  const meet = (pid: number, parent: number | null, now: bigint) => {
    if (seen.has(pid) || seen.size >= most) return;
    seen.set(pid, { pid, parent, firstNs: now, notYetNs: before, words: [], lastNs: now, goneNs: null });
  };
  return {
    follow: (pid) => meet(pid, null, nowNs()),
    look() {
      const now = nowNs();
      for (const one of seen.values()) {
        if (one.goneNs !== null) continue;
        const words = wordsOf(one.pid);
        if (words === null) {
          one.goneNs = now;
          continue;
        }
        one.lastNs = now;
        if (words.length > 0) one.words = words;
        if (nameOf(one.words[0] ?? '') === 'criu') for (const folder of workFolders(one.pid)) folders.add(folder);
        // a process that is met now is looked at in this very turn: a Map goes on to what is added
        for (const child of childrenOf(one.pid)) meet(child, one.pid, now);
      }
      before = now;
    },
    criuFolders: () => [...folders],
    records: () => [...seen.values()].filter((one) => !isForkOf(one, seen)).flatMap((one) => recordOf(one, callerOf(one, seen))),
  };
}

/**
 * A fork that never became another program is part of what its parent does, as are CRIU's helpers. Seen in one look alone, it would seem to last as long as from the look
 * before to the one after, and on a busy machine hold all that CRIU's log tells. One that outlives its parent is a daemon.
 */
function isForkOf({ parent, words, goneNs }: Seen, seen: ReadonlyMap<number, Seen>): boolean {
  const from = parent === null ? undefined : seen.get(parent);
  if (from === undefined || words.join('\0') !== from.words.join('\0')) return false;
  return from.goneNs === null || (goneNs !== null && goneNs <= from.goneNs);
}

function callerOf({ parent }: Seen, seen: ReadonlyMap<number, Seen>): number | null {
  const from = parent === null ? undefined : seen.get(parent);
  return from !== undefined && isForkOf(from, seen) ? callerOf(from, seen) : parent;
}

function recordOf({ pid, words, firstNs, notYetNs, lastNs, goneNs }: Seen, parentPid: number | null): readonly ProcessRecord[] {
  const [program, ...args] = words;
  if (program === undefined) return [];
  const verb = args.find((word) => !word.startsWith('-') && verbs.has(word)) ?? null;
  const boundNs = [firstNs - notYetNs, (goneNs ?? lastNs) - lastNs].reduce((most, one) => (one > most ? one : most));
  const times = { startNs: String(firstNs), endNs: String(goneNs ?? lastNs), boundNs: String(boundNs) };
  return [{ pid, parentPid, program: nameOf(program), verb, isLeft: goneNs === null, ...times }];
}

/** CRIU titles itself `criu: dump --rpc -t 1019`. */
function nameOf(program: string): string {
  return basename(program.split(/[: ]/)[0] ?? '');
}

/** What engines are asked to do; other words may be anybody's secrets, and are not kept. */
const verbs = new Set([
  ...['checkpoint', 'restore', 'create', 'start', 'dump', 'pre-dump', 'swrk', 'page-server', 'lazy-pages', 'check', 'kill'],
  ...['delete', 'state', 'features'],
]);

/** Null: it has ended. A process without words is between exec and its first page, or a zombie. */
function wordsOf(pid: number): readonly string[] | null {
  try {
    const words = readFileSync(`/proc/${pid}/cmdline`, 'latin1').split('\0').slice(0, -1);
    return words.length === 0 && /\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'latin1')) ? null : words;
  } catch {
    return null;
  }
}

function childrenOf(pid: number): readonly number[] {
  try {
    return readdirSync(`/proc/${pid}/task`).flatMap((task) =>
      readFileSync(`/proc/${pid}/task/${task}/children`, 'latin1').split(' ').filter(Boolean).map(Number),
    );
  } catch {
    return []; // it has ended, or the kernel does not tell
  }
}

function workFolders(pid: number): readonly string[] {
  try {
    const logs = readdirSync(`/proc/${pid}/fd`)
      .map((fd) => linkOf(`/proc/${pid}/fd/${fd}`))
      .filter((path) => path.endsWith('.log'));
    return [linkOf(`/proc/${pid}/cwd`), ...logs.map((path) => dirname(path))].filter((path) => path.startsWith('/'));
  } catch {
    return [];
  }
}

function linkOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return '';
  }
}
