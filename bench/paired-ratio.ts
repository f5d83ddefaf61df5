export interface PairedRatio {
  readonly ratio: number;
  readonly low: number;
  readonly high: number;
}

/**
 * How many times the second of each pair is the first, and the 95 % interval of that: the Hodges-Lehmann estimate on logarithms with the interval
 * of Wilcoxon's signed-rank test (Hollander and Wolfe, Nonparametric Statistical Methods, 3.2 and 3.3), by its normal approximation. As deaf to
 * single outliers as a median, with two thirds of the pairs that a median needs.
 */
export function pairedRatio(pairs: readonly (readonly [first: number, second: number])[]): PairedRatio {
  const logs = pairs.map(([first, second]) => Math.log(second / first));
  const walsh = logs.flatMap((one, at) => logs.slice(at).map((other) => (one + other) / 2)).sort((a, b) => a - b);
  const n = logs.length;
  const outside = Math.max(0, Math.floor((n * (n + 1)) / 4 - 1.96 * Math.sqrt((n * (n + 1) * (2 * n + 1)) / 24)));
  const at = (index: number) => Math.exp(walsh[index] ?? Number.NaN);
  const last = walsh.length - 1;
  return { ratio: (at(last >> 1) + at((last + 1) >> 1)) / 2, low: at(outside), high: at(last - outside) };
}
