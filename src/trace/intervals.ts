import type { Ns } from './time.ts';

/** A stretch of time; `endNs` is not below `startNs` in what these functions give. */
export interface Interval {
  readonly startNs: Ns;
  readonly endNs: Ns;
}

/** The same time covered, in order and without overlaps; empty stretches vanish. */
export function union(intervals: readonly Interval[]): readonly Interval[] {
  const sorted = intervals.filter(({ startNs, endNs }) => startNs < endNs).sort((a, b) => compareNs(a.startNs, b.startNs));
  const merged: Interval[] = [];
  for (const next of sorted) {
    const last = merged.at(-1);
    if (last === undefined || next.startNs > last.endNs) merged.push({ startNs: next.startNs, endNs: next.endNs });
    else if (next.endNs > last.endNs) merged[merged.length - 1] = { startNs: last.startNs, endNs: next.endNs };
  }
  return merged;
}

/** What `window` has outside of `covered` (as `union` gives it). */
export function gaps(window: Interval, covered: readonly Interval[]): readonly Interval[] {
  const found: Interval[] = [];
  let atNs = window.startNs;
  for (const { startNs, endNs } of clip(covered, window)) {
    if (startNs > atNs) found.push({ startNs: atNs, endNs: startNs });
    atNs = endNs;
  }
  if (atNs < window.endNs) found.push({ startNs: atNs, endNs: window.endNs });
  return found;
}

/** The parts that lie in the window. */
export function clip(intervals: readonly Interval[], window: Interval): readonly Interval[] {
  return intervals.flatMap(({ startNs, endNs }) => {
    const from = startNs > window.startNs ? startNs : window.startNs;
    const to = endNs < window.endNs ? endNs : window.endNs;
    return from < to ? { startNs: from, endNs: to } : [];
  });
}

/** Sum of the lengths; count each moment once by giving it a `union`. */
export function lengthNs(intervals: readonly Interval[]): Ns {
  return intervals.reduce((sum, { startNs, endNs }) => sum + (endNs - startNs), 0n);
}

export function compareNs(a: Ns, b: Ns): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
