import { type Ns, nsPerUs } from './time.ts';

/** What one round trip tells: the host's clock was read between `sentNs` and `gotNs` of ours. */
export interface RoundTrip {
  readonly sentNs: bigint;
  readonly remoteNs: bigint;
  readonly gotNs: bigint;
}

/** Clocks run apart while they are read, and one that is being put right is slewed: by less than this share of the time. */
const driftShare = 10_000n; // 100 ppm

/**
 * What several round trips tell together. Each holds the offset between two ends, and so it lies where all of them are:
 *
 *   ├───────────┤              long on the way there
 *          ├──────────────┤    long on the way back
 *          ├────┤              the offset is in the middle, half of that the bound
 *
 * To the bound come the remote clock's step (a microsecond) and the drift meanwhile. Where they have nothing in common the clock was
 * moved, and the shortest trip counts alone.
 */
export function offsetOf(trips: readonly RoundTrip[]): { readonly offsetNs: Ns; readonly boundNs: Ns } {
  const [first, ...others] = trips;
  if (first === undefined) throw new RangeError('a clock offset needs a round trip');
  const slackNs = nsPerUs + ((trips.at(-1)?.gotNs ?? first.gotNs) - first.sentNs) / driftShare;
  const common = trips.map(endsOf).reduce((one, other) => ({
    leastNs: one.leastNs > other.leastNs ? one.leastNs : other.leastNs,
    mostNs: one.mostNs < other.mostNs ? one.mostNs : other.mostNs,
  }));
  const isMoved = common.leastNs > common.mostNs + slackNs;
  const { leastNs, mostNs } = isMoved ? endsOf(others.reduce((a, b) => (lengthOf(b) < lengthOf(a) ? b : a), first)) : common;
  const widthNs = mostNs > leastNs ? mostNs - leastNs : 0n;
  return { offsetNs: (leastNs + mostNs) / 2n, boundNs: (widthNs + 1n) / 2n + slackNs };
}

const lengthOf = ({ sentNs, gotNs }: RoundTrip): bigint => gotNs - sentNs;

function endsOf({ sentNs, remoteNs, gotNs }: RoundTrip) {
  return { leastNs: remoteNs - gotNs, mostNs: remoteNs - sentNs };
}
