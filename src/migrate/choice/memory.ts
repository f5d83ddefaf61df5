import { setTimeout as sleep } from 'node:timers/promises';
import type { Host } from '../../hosts/host.ts';
import { bounded } from '../bounded.ts';

export interface Memory {
  /** What a dump holds: anonymous pages, and those of shared memory. Files are opened again at the destination. */
  readonly dumpedBytes: number;
  readonly residentBytes: number;
  /**
   * How fast what a dump holds became more: the least that is written. Writes to pages that are there already show only by soft-dirty
   * bits, which would have to be cleared first; so the write rate itself is another look (write-rate.ts).
   */
  readonly growthBytesPerS: number;
}

const apartMs = 300;

/** Looks twice, with some time between. Null when the processes cannot be seen. */
export async function readMemory(host: Host, pids: readonly number[]): Promise<Memory | null> {
  if (pids.length === 0) return null;
  const first = await look(host, pids);
  await sleep(apartMs);
  const second = await look(host, pids);
  if (first === null || second === null) return null;
  const seconds = (second.atMs - first.atMs) / 1e3;
  const growth = Math.max(0, second.dumpedBytes - first.dumpedBytes) / seconds;
  return { dumpedBytes: second.dumpedBytes, residentBytes: second.residentBytes, growthBytesPerS: growth };
}

/** Of all its processes, as the host has them; none when Docker does not say. */
export async function pidsOf(host: Host, id: string): Promise<readonly number[]> {
  const listed = host.docker.getContainer(id).top({ ps_args: '-eo pid' });
  const top = await bounded(`docker top on ${host.name}`, 10_000, listed).catch(() => null);
  return (top?.Processes as string[][] | undefined)?.flatMap(([pid]) => Number(pid) || []) ?? [];
}

async function look(host: Host, pids: readonly number[]) {
  const files = pids.map((pid) => `/proc/${pid}/smaps_rollup`).join(' ');
  const { stdout, startNs } = await host.shell.run(`cat ${files} 2>/dev/null`);
  const sums = parseRollup(stdout);
  return sums && { ...sums, atMs: Number(startNs / 1_000n) / 1e3 };
}

/** `smaps_rollup` of some processes (proc_pid_smaps(5)). A page that processes share since a fork is dumped for each, shared memory once. */
export function parseRollup(text: string): { readonly dumpedBytes: number; readonly residentBytes: number } | null {
  const sum = (key: string) =>
    [...text.matchAll(new RegExp(`^${key}: +(\\d+) kB$`, 'gm'))].reduce((total, [, kb]) => total + Number(kb) * 1024, 0);
  if (!/^Rss:/m.test(text)) return null;
  // what is swapped out is read in again, and dumped
  return { dumpedBytes: sum('Anonymous') + sum('Pss_Shmem') + sum('SwapPss'), residentBytes: sum('Rss') };
}
