import type { Trace } from '../trace/span.ts';

const statistics = [
  'freezing_time',
  'frozen_time',
  'memdump_time',
  'memwrite_time',
  'pages_scanned',
  'pages_written',
  'restore_time',
] as const;

export type CriuNumbers = Readonly<Record<(typeof statistics)[number], number | null>>;

/** CRIU's own statistics as the spans carry them (`criu.stats.*`); times in µs. `null`: CRIU left none, or none that could be true. */
export function criuNumbers(trace: Pick<Trace, 'spans'>): CriuNumbers {
  const numberOf = (name: string) => {
    for (const span of trace.spans) {
      const value = span.attributes[`criu.stats.${name}`];
      if (typeof value === 'number' || typeof value === 'bigint') return Number(value);
    }
    return null;
  };
  return Object.fromEntries(statistics.map((name) => [name, numberOf(name)])) as CriuNumbers;
}
