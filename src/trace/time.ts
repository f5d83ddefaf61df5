/** Nanoseconds since 1970 (wall clock of one host), or a length in nanoseconds where the name says so. */
export type Ns = bigint & { readonly unit?: 'ns' };
/** Microseconds, a length. */
export type Us = number & { readonly unit?: 'us' };

export const nsPerUs = 1_000n;
export const nsPerMs = 1_000_000n;
/** Times of files come from a coarse clock, one tick (4 ms at HZ=250) old at most; 5.7 ms were seen. */
export const fileTickNs = 6n * nsPerMs;
export const nsPerS = 1_000_000_000n;

/** Whole microseconds become nanoseconds exactly; a fraction is rounded to the nanosecond. */
export function usToNs(us: Us): Ns {
  return BigInt(Math.round(us * 1e3));
}

/** Loses nothing below 2^53 µs (285 years) but the part of a microsecond, which stays as a fraction. */
export function nsToUs(ns: Ns): Us {
  return Number(ns / nsPerUs) + Number(ns % nsPerUs) / 1e3;
}

/**
 * Start and length in whole microseconds, by cutting both ends: a length that is cut by itself lets a span end a microsecond after the one
 * that holds it.
 */
export function wholeUs({ startNs, durationNs }: { readonly startNs: Ns; readonly durationNs: Ns }) {
  const startUs = startNs / nsPerUs;
  return { startUs, durationUs: (startNs + durationNs) / nsPerUs - startUs };
}

/** Wall clock now. `performance.timeOrigin` holds microseconds, which `Date.now()` does not. */
export function nowNs(): Ns {
  return usToNs((performance.timeOrigin + performance.now()) * 1e3);
}

/** A length of time with a unit and three significant digits: `61.2 ms`, `3.12 s`, `840 µs`. */
export function formatNs(ns: Ns): string {
  const us = Math.abs(nsToUs(ns));
  const sign = ns < 0n ? '-' : '';
  if (us >= 1e6) return `${sign}${threeDigits(us / 1e6)} s`;
  if (us >= 1e3) return `${sign}${threeDigits(us / 1e3)} ms`;
  return `${sign}${threeDigits(us)} µs`;
}

function threeDigits(value: number): string {
  if (value >= 100) return value.toFixed(0);
  if (value >= 10) return value.toFixed(1);
  return value.toFixed(2);
}
