import type { Host } from '../../hosts/host.ts';
import { defaultGrowth } from '../direct/stop-rule.ts';
import type { Memory } from './memory.ts';

/** How many pages a container had changed after one window, and after two. */
export interface Writes {
  readonly pages: number;
  readonly changedOnce: number;
  readonly changedTwice: number;
  readonly windowMs: number;
}

const windowMs = 500;
/** Bits of a page map's entry (kernel's Documentation/admin-guide/mm/pagemap.rst): present, soft-dirty. Entries of 8 bytes, the lowest first. */
const script = `for $pid (@ARGV) { open C, ">", "/proc/$pid/clear_refs" or exit 1; print C "4"; close C }
  for $look (1, 2) { select undef, undef, undef, ${windowMs / 1e3}; $all = $changed = 0;
    for $pid (@ARGV) { open M, "<", "/proc/$pid/maps" or next; @maps = <M>; close M; open P, "<:raw", "/proc/$pid/pagemap" or next;
      for (@maps) { next unless /^([0-9a-f]+)-([0-9a-f]+) .w.p/; ($from, $to) = (hex($1) / 4096, hex($2) / 4096); sysseek P, $from * 8, 0;
        while ($from < $to) { $n = $to - $from > 65536 ? 65536 : $to - $from; $got = sysread P, $bytes, $n * 8 or last; $from += $got / 8;
          for (unpack "Q<*", $bytes) { next unless $_ >> 63; $all++; $changed++ if $_ >> 55 & 1 } } } close P }
    print "$all $changed\\n" }`;
/** Its page map is read by a script, some millions of entries a second: more would take longer than it is worth. */
const mostBytes = 4e9;

/**
 * Looks how much the container writes, by soft-dirty bits: they are cleared first, as the first round of a pre-copy does. So it is for a
 * container that is about to move, and a chain of pre-dumps that somebody else has begun of it must begin anew.
 * @returns null where that cannot be seen
 */
export async function readWrites(host: Host, pids: readonly number[], memory: Memory | null): Promise<Writes | null> {
  if (pids.length === 0 || memory === null || memory.dumpedBytes > mostBytes) return null;
  const { exitCode, stdout } = await host.shell.run(`perl -e '${script}' ${pids.join(' ')}`, { timeoutMs: 30_000 });
  const [once, twice] = stdout
    .trim()
    .split('\n')
    .map((line) => line.split(' ').map(Number));
  if (exitCode !== 0 || once === undefined || twice === undefined) return null;
  return { pages: twice[0] ?? 0, changedOnce: once[1] ?? 0, changedTwice: twice[1] ?? 0, windowMs };
}

/** What a first round takes besides sending: runc's start, CRIU's freeze and its walk over the pages. */
const roundMs = 700;

/** Pure. How many pages change while a first round goes over, by what changed in two windows. */
export function pagesInFirstRound({ pages, changedOnce, changedTwice, windowMs }: Writes, linkBytesPerS: number | null): number {
  const firstMs = roundMs + (linkBytesPerS === null ? 0 : (1e3 * pages * 4096) / linkBytesPerS);
  const more = ((changedTwice - changedOnce) * Math.max(0, firstMs - 2 * windowMs)) / windowMs;
  return Math.min(pages, Math.round(changedTwice + more));
}

/**
 * Pure. Would a second round have less to send than the first? What a container writes again and again shows in the first window, so
 * that the second adds little; pages at random are new ones in every window.
 * @returns why rounds would not pay; null when they would
 */
export function whyNoRounds(writes: Writes, linkBytesPerS: number | null): string | null {
  const { pages, changedTwice, windowMs } = writes;
  const expected = pagesInFirstRound(writes, linkBytesPerS);
  if (pages === 0 || expected <= defaultGrowth * pages) return null;
  return `rounds would not pay: ${changedTwice} of ${pages} pages changed in ${(2 * windowMs) / 1e3} s, and some ${expected} would while a first round goes over`;
}
