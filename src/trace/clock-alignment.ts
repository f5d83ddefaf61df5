import type { Ns } from './time.ts';

/** A host's clock read once: its clock minus the controller's, the truth within `boundNs` of `offsetNs`. */
export interface OffsetReading {
  /** When, by the controller's clock. */
  readonly takenNs: Ns;
  readonly offsetNs: Ns;
  readonly boundNs: Ns;
}

export interface HostClock {
  /** Brings a time of the host's clock to the controller's. */
  align(hostNs: Ns): Ns;
  readonly offsetNs: Ns;
  readonly boundNs: Ns;
}

/** The controller's own clock. */
export const ownClock: HostClock = { align: (ns) => ns, offsetNs: 0n, boundNs: 0n };

/**
 * The clock of a host from its readings: between two of them the offset goes in a straight line, before the first and
 * after the last it stays. The bound is the largest of the readings: a line between two points is no surer than they are.
 *
 *   offset   after ·─────     the host's clock gains on ours
 *          ┌───────┘
 *   ─────· before
 *
 * @returns null without a reading: such a host's times cannot be brought to ours
 */
export function hostClock(readings: readonly OffsetReading[]): HostClock | null {
  const sorted = [...readings].sort((a, b) => (a.takenNs < b.takenNs ? -1 : a.takenNs > b.takenNs ? 1 : 0));
  const first = sorted[0];
  const last = sorted.at(-1);
  if (first === undefined || last === undefined) return null;
  const boundNs = sorted.reduce((most, reading) => (reading.boundNs > most ? reading.boundNs : most), 0n);
  const drift = last.offsetNs - first.offsetNs;
  const spanNs = last.takenNs - first.takenNs + drift; // by the host's own clock
  return {
    offsetNs: first.offsetNs,
    boundNs,
    align: (hostNs) => {
      const nearNs = hostNs - first.offsetNs;
      const intoNs = nearNs - first.takenNs;
      if (spanNs <= 0n || intoNs <= 0n) return nearNs;
      return nearNs - (intoNs >= spanNs ? drift : (drift * intoNs) / spanNs);
    },
  };
}
