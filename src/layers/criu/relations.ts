import { usToNs } from '../../trace/time.ts';
import type { CriuLog } from './evidence.ts';
import type { LogDigest } from './log-digest.ts';

/** What a log has to do with the others of its host. */
export interface Relation {
  /** Of a pre-dump: its round, from 1 on. */
  readonly iteration: number | null;
  /** The pre-dump whose pages this dump builds on. */
  readonly parent: CriuLog | null;
  /** The dump that this restore restores, and how that is known. */
  readonly dump: CriuLog | null;
  readonly means: string | null;
}

const none: Relation = { iteration: null, parent: null, dump: null, means: null };

/** An images folder's `parent`, as CRIU makes it: folder and target as shown. */
export interface Parent {
  readonly folder: string;
  readonly target: string;
}

/** Which logs are rounds of one chain, and which restore is of which dump. */
export function relationsOf(logs: readonly CriuLog[], parents: readonly Parent[] = []): ReadonlyMap<CriuLog, Relation> {
  const relations = new Map<CriuLog, Relation>();
  for (const chain of chainsOf(logs, parents)) {
    for (const [index, log] of chain.entries()) {
      const isRound = log.digest.kind === 'pre-dump';
      relations.set(log, { ...none, iteration: isRound ? index + 1 : null, parent: chain[index - 1] ?? null });
    }
  }
  const dumps = logs.filter(({ digest }) => digest.kind === 'dump');
  for (const log of logs.filter(({ digest }) => digest.kind === 'restore')) {
    const found = dumpOf(log, dumps, logs);
    if (found !== null) relations.set(log, { ...none, dump: found.dump, means: found.means });
  }
  return relations;
}

/**
 * Chains of the same root task: its pre-dumps, then the dump. Parent links of the images folders come first; where there are none, the
 * order is that of the times, and a log goes on with a chain when CRIU found pages in an earlier dump.
 */
function chainsOf(logs: readonly CriuLog[], parents: readonly Parent[]): readonly (readonly CriuLog[])[] {
  const rounds = logs.filter(({ digest }) => digest.kind === 'pre-dump').sort(byTime);
  const dumps = logs.filter(({ digest }) => digest.kind === 'dump').sort(byTime);
  const pids = [...new Set(rounds.map(({ digest }) => digest.rootPid))];
  return pids.flatMap((pid) => {
    const isOwn = ({ digest }: CriuLog) => digest.rootPid === pid;
    const chains: CriuLog[][] = [];
    for (const log of [...inOrder(byTimeOrName(rounds.filter(isOwn)), parents), ...dumps.filter(isOwn)]) {
      const chain = chains.at(-1);
      const goesOn =
        chain?.at(-1)?.digest.kind === 'pre-dump' && (skipsPages(log) || chain.some((one) => isParentOf(one, log, parents)));
      if (goesOn) chain.push(log);
      else chains.push([log]);
    }
    return chains.filter((chain) => chain[0]?.digest.kind === 'pre-dump');
  });
}

function skipsPages({ statistics }: CriuLog): boolean {
  return (statistics?.values.pages_skipped_parent ?? 0) > 0;
}

/** A round goes after its parent, whatever their times say: copies of files have any. */
function inOrder(rounds: readonly CriuLog[], parents: readonly Parent[]): readonly CriuLog[] {
  const left = [...rounds];
  const ordered: CriuLog[] = [];
  while (left.length > 0) {
    const index = left.findIndex((round) => !left.some((other) => other !== round && isParentOf(other, round, parents)));
    ordered.push(...left.splice(Math.max(0, index), 1));
  }
  return ordered;
}

function isParentOf(parent: CriuLog, child: CriuLog, parents: readonly Parent[]): boolean {
  const own = folderOf(child.digest.file);
  return parents.some(
    ({ folder, target }) =>
      (own === folder || own.startsWith(`${folder}/`)) && joined(folder, target) === folderOf(parent.digest.file),
  );
}

/** One process is dumped once at a time: where the times overlap they are those of copies, and the names are all there is. */
function byTimeOrName(rounds: readonly CriuLog[]): readonly CriuLog[] {
  const sorted = [...rounds].sort(byTime);
  const endNs = ({ anchor, digest }: CriuLog) => anchor.zeroNs + usToNs(digest.endUs);
  const areCopies = sorted.some((round, index) => {
    const next = sorted[index + 1];
    return next !== undefined && next.anchor.zeroNs < endNs(round);
  });
  if (!areCopies) return sorted;
  return sorted.sort((a, b) => a.digest.file.localeCompare(b.digest.file, 'en', { numeric: true }));
}

function byTime(a: CriuLog, b: CriuLog): number {
  return a.anchor.zeroNs < b.anchor.zeroNs ? -1 : a.anchor.zeroNs > b.anchor.zeroNs ? 1 : 0;
}

/** CRIU writes the dump's id into the inventory, and a restore prints it (4.1 and later); before that, the tasks must be the same. */
function dumpOf(log: CriuLog, dumps: readonly CriuLog[], logs: readonly CriuLog[]): { dump: CriuLog; means: string } | null {
  const { dumpRunId } = log.digest;
  const named = dumps.find(({ digest }) => dumpRunId !== null && digest.runId === dumpRunId);
  if (named !== undefined) return { dump: named, means: `run id ${dumpRunId}` };
  const restores = logs.filter(({ digest }) => digest.kind === 'restore');
  const same = dumps.filter((dump) => canBeOf(log.digest, dump.digest));
  const near = same.filter((dump) => folderOf(dump.digest.file) === folderOf(log.digest.file));
  const [only] = near.length === 1 ? near : dumps.length === 1 && restores.length === 1 ? same : [];
  return only === undefined ? null : { dump: only, means: `the same ${only.digest.pids.length} processes` };
}

function canBeOf(restore: LogDigest, dump: LogDigest): boolean {
  if (restore.dumpRunId !== null && dump.runId !== null) return false;
  return dump.pids.length > 0 && dump.pids.join() === restore.pids.join();
}

function folderOf(file: string): string {
  const end = file.lastIndexOf('/');
  return end < 0 ? '' : file.slice(0, end);
}

/** `p2` and `../p1` make `p1`. */
function joined(folder: string, target: string): string {
  const parts = target.startsWith('/') ? [] : folder.split('/');
  for (const part of target.split('/')) {
    if (part === '..') parts.pop();
    else if (part !== '.' && part !== '') parts.push(part);
  }
  return parts.join('/');
}
