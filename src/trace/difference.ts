import { type Interval, medianDifference, medianOf } from './median-interval.ts';
import type { Us } from './time.ts';

/** How long each operation went on in one run. */
export type RunTimes = ReadonlyMap<string, Us>;

/** One side of a row: the median of the runs in which it happened at all; `null`: it happened in none. */
interface SideTimes {
  readonly medianUs: Us;
  readonly runs: number;
}

export interface OperationDifference {
  readonly name: string;
  readonly before: SideTimes | null;
  readonly after: SideTimes | null;
  /** After less before; `null` when one side has none of it. */
  readonly differenceUs: Us | null;
  /** The 95 % interval of that; `null` where there are too few runs to tell. */
  readonly interval: Pick<Interval, 'low' | 'high'> | null;
}

/** With fewer the bootstrap's interval of a median is too narrow: of 3 runs it holds the true difference 9 times in 10, of 2 in 2 of 3. */
export const leastForInterval = 5;

/** Two sets of runs, operation by operation, the largest difference first; then what only one side has, the longest first. */
export function differences(before: readonly RunTimes[], after: readonly RunTimes[]): readonly OperationDifference[] {
  const names = [...new Set([...before, ...after].flatMap((run) => [...run.keys()]))];
  const rows = names.map((name) => difference(name, timesOf(name, before), timesOf(name, after)));
  return rows.sort((a, b) => weight(b) - weight(a) || (a.name < b.name ? -1 : 1));
}

function difference(name: string, before: readonly Us[], after: readonly Us[]): OperationDifference {
  const [old, fresh] = [side(before), side(after)];
  const hasBoth = old !== null && fresh !== null;
  const canTell = Math.min(before.length, after.length) >= leastForInterval;
  return {
    name,
    before: old,
    after: fresh,
    differenceUs: hasBoth ? fresh.medianUs - old.medianUs : null,
    interval: hasBoth && canTell ? ends(medianDifference(before, after)) : null,
  };
}

function ends({ low, high }: Interval): Pick<Interval, 'low' | 'high'> {
  return { low, high };
}

function timesOf(name: string, runs: readonly RunTimes[]): readonly Us[] {
  return runs.flatMap((run) => run.get(name) ?? []);
}

function side(times: readonly Us[]): SideTimes | null {
  return times.length === 0 ? null : { medianUs: medianOf(times), runs: times.length };
}

function weight({ before, after, differenceUs }: OperationDifference): number {
  return differenceUs === null ? ((before ?? after)?.medianUs ?? 0) : Math.abs(differenceUs);
}

/** True where chance alone may make the difference: the interval holds none at all. */
export function mayBeChance({ interval }: OperationDifference): boolean {
  return interval !== null && interval.low <= 0 && interval.high >= 0;
}
