import { withDefaults } from '../direct/stop-rule.ts';
import type { Interval } from './interval.ts';
import type { Memory } from './memory.ts';
import { pagesInFirstRound, type Writes } from './write-rate.ts';

/** The page of x86-64, and of arm64 as Debian has it. */
const pageBytes = 4096;

export interface ExpectedRounds {
  /** What the last dump finds, while the container stands still. */
  readonly leftBytes: Interval;
  /** All rounds and the last dump. */
  readonly sentBytes: Interval;
}

/**
 * Pure. Between a container that writes nothing and one that writes all of its memory in every round. In between, where nobody has looked at
 * its writes, what rounds stop at by default (stop-rule.ts); where somebody has, what changes while a first round goes over.
 */
export function expectedRounds({ dumpedBytes }: Memory, writes: Writes | null, linkBytesPerS: number | null): ExpectedRounds {
  const { pagesLeft } = withDefaults();
  const pages = writes === null ? pagesLeft : pagesInFirstRound(writes, linkBytesPerS);
  const likely = Math.min(dumpedBytes, pages * pageBytes);
  return {
    leftBytes: { low: 0, likely, high: dumpedBytes },
    sentBytes: { low: dumpedBytes, likely: dumpedBytes + likely, high: dumpedBytes * mostCopies() },
  };
}

/** How often all of the memory can go over: each round is smaller than the one before, but for the one that ends them; then the last dump. */
function mostCopies(): number {
  const { maxRounds, maxGrowth } = withDefaults();
  const shrinking = Array.from({ length: maxRounds - 1 }, (_, round) => maxGrowth ** round);
  return shrinking.reduce((sum, share) => sum + share, 0) + 2;
}
