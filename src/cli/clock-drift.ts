import type { ClockReading, Manifest } from '../evidence/manifest.ts';
import { formatNs, type Ns } from '../trace/time.ts';

interface Apart {
  /** Destination minus source. */
  readonly offsetNs: Ns;
  readonly boundNs: Ns;
  readonly takenNs: Ns;
}

/**
 * By how much two clocks ran apart while the run lasted, where that is more than what is known of them anyway: `; they drifted by
 * 612 µs ±210 µs in 41.2 s`. Between the readings the offset goes in a straight line (trace/clock-alignment.ts).
 */
export function driftWords({ clocks, hosts }: Pick<Manifest, 'clocks' | 'hosts'>): string {
  const apart = (when: ClockReading['when']): Apart | null => {
    const of = (name: string | undefined) => clocks.find((reading) => reading.host === name && reading.when === when);
    const [source, destination] = [of(hosts.source?.name), of(hosts.destination?.name)];
    if (source === undefined || destination === undefined) return null;
    const offsetNs = BigInt(destination.offsetNs) - BigInt(source.offsetNs);
    return { offsetNs, boundNs: BigInt(destination.boundNs) + BigInt(source.boundNs), takenNs: BigInt(destination.takenNs) };
  };
  const [before, after] = [apart('before'), apart('after')];
  if (before === null || after === null) return '';
  const driftNs = after.offsetNs - before.offsetNs;
  const boundNs = before.boundNs + after.boundNs;
  if ((driftNs < 0n ? -driftNs : driftNs) <= boundNs) return '';
  return `; they drifted by ${formatNs(driftNs)} ±${formatNs(boundNs)} in ${formatNs(after.takenNs - before.takenNs)}`;
}
