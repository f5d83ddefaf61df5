import { createIntervalHistogram } from './interval-histogram.ts';

/** How late our own timer comes: that is a loaded machine, not the container. Counts what is due in an open loop. */
export interface LagMeter {
  readonly maxMs: number;
  /** `due`: the requests to send now so that there is one for each period since the start. */
  tick(): { readonly nowMs: number; readonly due: number };
  /** The longest time since the last call in which this process did not run. */
  takeStallMs(): number;
  quantileUs(share: number): number;
}

export function createLagMeter(periodMs: number): LagMeter {
  const startMs = performance.now();
  const intervals = createIntervalHistogram();
  let lastMs = startMs;
  let ticks = 0;
  let stallMs = 0;
  let maxMs = 0;
  return {
    get maxMs() {
      return maxMs;
    },
    quantileUs: intervals.quantileUs,
    tick() {
      const nowMs = performance.now();
      intervals.add(nowMs - lastMs);
      stallMs = Math.max(stallMs, nowMs - lastMs - periodMs);
      maxMs = Math.max(maxMs, stallMs);
      lastMs = nowMs;
      const due = Math.floor((nowMs - startMs) / periodMs) - ticks;
      ticks += due;
      return { nowMs, due };
    },
    takeStallMs() {
      // After a stall the answers that wait are read before the timer runs, so what the timer will see counts already.
      const stall = Math.max(stallMs, performance.now() - lastMs - periodMs);
      stallMs = 0;
      return stall;
    },
  };
}
