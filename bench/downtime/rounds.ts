import { cpus } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { outliers } from '../../src/trace/median-interval.ts';

export interface Side<T> {
  readonly name: string;
  /** Sets up, moves once, measures, and clears away. */
  readonly once: () => Promise<T>;
}

export interface Rounds<T> {
  readonly readings: ReadonlyMap<string, readonly T[]>;
  /** What a reader of the figures has to know of how they came about. */
  readonly warnings: readonly string[];
}

export interface RoundsOptions<T> {
  readonly runs: number;
  readonly say: (line: string) => void;
  readonly signal: AbortSignal;
  /** The figure that is told as it comes, and looked at for outliers. */
  readonly figure: (reading: T) => number;
}

/** A run that fails is told and made again; so many in all, and the bench is given up. */
const mostFailures = 3;
const busyShare = 0.25;

/** All sides in turns, so that whatever slows the machine slows all of them; the first round warms up. */
export async function inRounds<T>(sides: readonly Side<T>[], options: RoundsOptions<T>): Promise<Rounds<T>> {
  const { runs, say, figure } = options;
  const readings = new Map(sides.map(({ name }) => [name, [] as T[]]));
  const failures: string[] = [];
  const busy: number[] = [];
  for (let run = -1; run < runs; run += 1) {
    for (const side of sides) {
      busy.push(await busyNow());
      const reading = await retried(side, failures, options);
      say(`${run < 0 ? 'warm-up' : `run ${run + 1}`}  ${side.name.padEnd(24)} ${figure(reading).toFixed(0)} ms`);
      if (run >= 0) readings.get(side.name)?.push(reading);
    }
  }
  const far = [...readings].map(([name, all]) => ({ name, count: outliers(all.map(figure)) })).filter(({ count }) => count > 0);
  return { readings, warnings: [...loadWarnings(busy), ...outlierWarnings(far), ...failures] };
}

async function retried<T>(side: Side<T>, failures: string[], { say, signal }: RoundsOptions<T>): Promise<T> {
  for (;;) {
    signal.throwIfAborted();
    try {
      return await side.once();
    } catch (error) {
      signal.throwIfAborted(); // it has failed because of that
      const words = `a run of ${side.name} failed and was made again: ${error instanceof Error ? error.message : error}`;
      if (failures.length >= mostFailures) throw error;
      failures.push(words);
      say(words);
    }
  }
}

/** What share of the processors others keep busy while the bench itself does nothing. */
async function busyNow(): Promise<number> {
  const before = cpuTimes();
  await sleep(300);
  const after = cpuTimes();
  return 1 - (after.idle - before.idle) / Math.max(1, after.all - before.all);
}

function cpuTimes(): { readonly idle: number; readonly all: number } {
  const times = cpus().map((cpu) => cpu.times);
  const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
  return { idle: sum(times.map(({ idle }) => idle)), all: sum(times.flatMap((time) => Object.values(time))) };
}

function loadWarnings(busy: readonly number[]): readonly string[] {
  const loaded = busy.filter((share) => share > busyShare).length;
  if (loaded === 0) return [];
  const most = (100 * Math.max(...busy)).toFixed(0);
  return [`the machine was loaded: before ${loaded} of ${busy.length} runs others kept it busy, by up to ${most} %`];
}

function outlierWarnings(far: readonly { readonly name: string; readonly count: number }[]): readonly string[] {
  if (far.length === 0) return [];
  const words = far.map(({ name, count }) => `${count} of ${name}`).join(', ');
  return [`outliers (modified Z-score over 3.5; a median bears them): ${words}`];
}
