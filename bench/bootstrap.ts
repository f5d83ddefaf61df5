export interface Interval {
  readonly median: number;
  readonly low: number;
  readonly high: number;
}

const resamples = 2_000;

/** Median, and the 95 % interval of it by the percentile bootstrap; seeded, so that the same numbers give the same interval. */
export function medianInterval(values: readonly number[]): Interval {
  const medians = resampledMedians(values, seeded(values.length));
  return { median: medianOf(values), ...middle95(medians) };
}

/** Median over median, and the 95 % interval of that. */
export function ratioInterval(ours: readonly number[], anchor: readonly number[]): Interval {
  return comparedInterval(ours, anchor, (one, other) => one / other);
}

/** Median less median, and the 95 % interval of that. */
export function differenceInterval(ours: readonly number[], anchor: readonly number[]): Interval {
  return comparedInterval(ours, anchor, (one, other) => one - other);
}

/** Both sides are drawn anew each time. */
function comparedInterval(ours: readonly number[], anchor: readonly number[], compare: (one: number, other: number) => number) {
  const [one, other] = [resampledMedians(ours, seeded(ours.length)), resampledMedians(anchor, seeded(anchor.length + 1_000))];
  const compared = one.map((median, index) => compare(median, other[index] ?? Number.NaN));
  return { median: compare(medianOf(ours), medianOf(anchor)), ...middle95(compared) };
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

function resampledMedians(values: readonly number[], random: () => number): readonly number[] {
  const draw = () => values[Math.floor(random() * values.length)] ?? 0;
  return Array.from({ length: resamples }, () => medianOf(values.map(draw)));
}

function middle95(values: readonly number[]): { readonly low: number; readonly high: number } {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (share: number) => sorted[Math.floor(share * (sorted.length - 1))] ?? 0;
  return { low: at(0.025), high: at(0.975) };
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
