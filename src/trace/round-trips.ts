import { type Ns, nsPerUs } from './time.ts';

/** What one round trip tells: the host's clock was read between `sentNs` and `gotNs` of ours. */
export interface RoundTrip {
  readonly sentNs: bigint;
  readonly remoteNs: bigint;
  readonly gotNs: bigint;
}

/** The shortest round trip counts: its middle is the best guess, half of it (and the remote clock's step) the bound. */
export function offsetOf(trips: readonly RoundTrip[]): { readonly offsetNs: Ns; readonly boundNs: Ns } {
  const [first, ...others] = trips;
  if (first === undefined) throw new RangeError('a clock offset needs a round trip');
  const best = others.reduce((a, b) => (b.gotNs - b.sentNs < a.gotNs - a.sentNs ? b : a), first);
  const lengthNs = best.gotNs - best.sentNs;
  return { offsetNs: best.remoteNs - (best.sentNs + lengthNs / 2n), boundNs: (lengthNs + 1n) / 2n + nsPerUs };
}
