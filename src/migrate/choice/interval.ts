/** What is expected, and between what: three figures of one unit, low ≤ likely ≤ high. */
export interface Interval {
  readonly low: number;
  readonly likely: number;
  readonly high: number;
}

export function sumOf(intervals: readonly Interval[]): Interval {
  return intervals.reduce((a, b) => ({ low: a.low + b.low, likely: a.likely + b.likely, high: a.high + b.high }), {
    low: 0,
    likely: 0,
    high: 0,
  });
}

export function timesOf({ low, likely, high }: Interval, factor: number): Interval {
  return { low: low * factor, likely: likely * factor, high: high * factor };
}

export function productOf(a: Interval, b: Interval): Interval {
  return { low: a.low * b.low, likely: a.likely * b.likely, high: a.high * b.high };
}

/** Two things at once: the slower one tells. */
export function slowerOf(a: Interval, b: Interval): Interval {
  return { low: Math.max(a.low, b.low), likely: Math.max(a.likely, b.likely), high: Math.max(a.high, b.high) };
}

/** Nobody can say which of the two is the smaller. */
export function overlap(a: Interval, b: Interval): boolean {
  return a.low <= b.high && b.low <= a.high;
}
