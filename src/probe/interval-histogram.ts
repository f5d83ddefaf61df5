/** Lengths of time in steps of 10 µs up to 100 ms, in 40 kB however many there are; longer ones share the last step. */
export interface IntervalHistogram {
  add(ms: number): void;
  /** The length that `share` (0..1) of all lengths don't exceed, in microseconds; 0 while there are none. */
  quantileUs(share: number): number;
}

const stepUs = 10;
const steps = 10_000;

export function createIntervalHistogram(): IntervalHistogram {
  const counts = new Uint32Array(steps + 1);
  let total = 0;
  return {
    add(ms) {
      const step = Math.min(steps, Math.max(0, Math.floor((ms * 1e3) / stepUs)));
      counts[step] = (counts[step] ?? 0) + 1;
      total += 1;
    },
    quantileUs(share) {
      let seen = 0;
      for (const [step, count] of counts.entries()) {
        seen += count;
        if (count > 0 && seen >= total * share) return (step + 1) * stepUs;
      }
      return 0;
    },
  };
}
