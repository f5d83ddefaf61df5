import { formatBytes } from '../../hosts/sizes.ts';
import { formatNs, usToNs } from '../../trace/time.ts';
import type { Facts } from './facts.ts';
import type { Interval } from './interval.ts';

/** `516 ms (290 ms-1.10 s)`. */
export function downtimeWords(downtimeMs: Interval | null): string {
  if (downtimeMs === null) return 'unknown';
  const [low, likely, high] = [downtimeMs.low, downtimeMs.likely, downtimeMs.high].map((ms) => formatNs(usToNs(ms * 1e3)));
  return `${likely} (${low}-${high})`;
}

/** The facts in sentences: what is known, and what is not. */
export function factSentences({ memory, linkBytesPerS, source, destination, writes }: Facts): readonly string[] {
  const lacks = (key: keyof Facts['source']) => [source[key] === false && 'source', destination[key] === false && 'destination'];
  const without = (key: keyof Facts['source'], what: string) => {
    const sides = lacks(key).filter(Boolean);
    return sides.length === 0 ? [] : [`${what} (${sides.join(' and ')})`];
  };
  return [
    memory === null
      ? "the container's memory could not be read"
      : `${formatBytes(memory.dumpedBytes)} of memory to move; it grows by ${formatBytes(memory.growthBytesPerS)}/s, ${writtenWords(writes)}`,
    linkBytesPerS === null
      ? 'the speed of the link between the hosts could not be measured'
      : `ssh carries ${formatBytes(linkBytesPerS)}/s from host to host`,
    ...without('hasLazyPages', 'no pages on demand (userfaultfd)'),
    ...without('hasSoftDirty', 'no soft-dirty bits, so memory cannot be sent ahead while it is written'),
    ...without('hasNftablesLock', 'no network lock by nftables'),
  ];
}

function writtenWords(writes: Facts['writes']): string {
  if (writes === null) return 'how much is written again is unknown';
  const { changedTwice, pages, windowMs } = writes;
  return `${changedTwice} of ${pages} pages changed in ${(2 * windowMs) / 1e3} s`;
}
