export interface Interval {
  readonly median: number;
  readonly low: number;
  readonly high: number;
}

const resamples = 2_000;

/** Median, and the 95 % interval of it by the percentile bootstrap; seeded, so that the same numbers give the same interval. */
export function medianInterval(values: readonly number[]): Interval {
  const random = seeded(values.length);
  return interval(medianOf(values), () => medianOf(resample(values, random)));
}

/** By how much the median of `after` is above that of `before`, and the 95 % interval of that. */
export function medianDifference(before: readonly number[], after: readonly number[]): Interval {
  return compared(before, after, (low, high) => high - low);
}

/** How many times the median of `before` that of `after` is, and the 95 % interval of that. */
export function medianRatio(before: readonly number[], after: readonly number[]): Interval {
  return compared(before, after, (below, above) => above / below);
}

/** The interval as of one median, each side drawn anew by itself. */
function compared(before: readonly number[], after: readonly number[], by: (before: number, after: number) => number): Interval {
  const random = seeded(before.length * 65_537 + after.length);
  return interval(by(medianOf(before), medianOf(after)), () =>
    by(medianOf(resample(before, random)), medianOf(resample(after, random))),
  );
}

function interval(median: number, draw: () => number): Interval {
  const drawn = Array.from({ length: resamples }, draw).sort((a, b) => a - b);
  const at = (share: number) => drawn[Math.floor(share * (resamples - 1))] ?? 0;
  return { median, low: at(0.025), high: at(0.975) };
}

function resample(values: readonly number[], random: () => number): readonly number[] {
  return values.map(() => values[Math.floor(random() * values.length)] ?? 0);
}

export function medianOf(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? (sorted[middle] ?? 0) : ((sorted[middle - 1] ?? 0) + (sorted[middle] ?? 0)) / 2;
}

/** How many lie too far out: modified Z-score over 3.5 (Iglewicz and Hoaglin, How to Detect and Handle Outliers, 1993). */
export function outliers(values: readonly number[]): number {
  const middle = medianOf(values);
  const deviation = medianOf(values.map((value) => Math.abs(value - middle)));
  return values.filter((value) => 0.6745 * Math.abs(value - middle) > 3.5 * deviation).length;
}

/** mulberry32: 32 bits of state are enough for an interval. */
function seeded(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
