import type { MoveOptions } from '../../src/migrate/plan.ts';
import { medianOf } from '../../src/trace/median-interval.ts';
import { moveOnce, type Reading } from './move.ts';
import type { Part } from './part.ts';
import { type Goal, goalTable, spread, table } from './report.ts';
import { inRounds } from './rounds.ts';

const sides: Readonly<Record<string, Partial<MoveOptions>>> = {
  docker: { strategy: 'docker' },
  cold: { strategy: 'cold' },
  diskless: { strategy: 'diskless' },
  'diskless --plain-pages': { strategy: 'diskless', plainPages: true },
  'post-copy': { strategy: 'post-copy' },
  'post-copy --plain-pages': { strategy: 'post-copy', plainPages: true },
};

export const strategies: Part = {
  name: 'strategies',
  about: 'every strategy but pre-copy and hybrid, which need soft-dirty, on the same container; the ratios between them',
  runs: 10,
  measure: async (pair, { runs, keys, say }) => {
    const workload = { reference: pair.image.reference, keys, network: 'bridge' } as const;
    const load = { command: 'GET', keys } as const;
    const { readings, warnings } = await inRounds<Reading>(
      Object.entries(sides).map(([name, options]) => ({ name, once: () => moveOnce({ ...pair, workload, options, load }) })),
      { runs, say, signal: pair.signal, figure: ({ observedMs }) => observedMs },
    );
    return [strategyTable(readings), goalTable(goalsOf(readings)), ...warnings.map((words) => `warning: ${words}`)].join('\n\n');
  },
};

const head = [
  'strategy',
  'observed, ms (95 %)',
  'traced, ms',
  "CRIU's own, ms",
  'explained',
  'whole move, ms',
  'MB',
  'last page after, ms',
  '90 % of the answers after, ms',
  'late answers, ms in sum',
];

export function strategyTable(readings: ReadonlyMap<string, readonly Reading[]>): string {
  const rows = [...readings].map(([name, all]) => {
    const median = (of: (reading: Reading) => number | null) => {
      const values = all.flatMap((reading) => of(reading) ?? []);
      return values.length === 0 ? '' : medianOf(values).toFixed(0);
    };
    const isLazy = all.some(({ lastPageMs }) => lastPageMs !== null);
    return [
      name,
      spread(all.map(({ observedMs }) => observedMs)),
      median(({ tracedMs }) => tracedMs),
      median(({ criuMs }) => criuMs),
      `${(medianOf(all.map(({ explained }) => explained)) * 100).toFixed(1)} %`,
      median(({ totalMs }) => totalMs),
      median(({ bytes }) => bytes / 1e6),
      median(({ lastPageMs }) => lastPageMs),
      median(({ tail }) => tail.recoveredMs),
      isLazy ? `${median(({ tail }) => tail.stallsMs)} (${median(({ tail }) => tail.stalls)} answers)` : '',
    ];
  });
  return table(head, rows);
}

function goalsOf(readings: ReadonlyMap<string, readonly Reading[]>): readonly Goal[] {
  const observed = (name: string) => (readings.get(name) ?? []).map(({ observedMs }) => observedMs);
  const own = (name: string) => (readings.get(name) ?? []).map(({ criuMs }) => criuMs);
  const to = (name: string, anchor: string, most: number | null): Goal => ({
    what: `${name} / ${anchor}`,
    oursMs: observed(name),
    anchorMs: observed(anchor),
    most,
  });
  const direct = Object.keys(sides).filter((name) => name !== 'docker');
  return [
    to('post-copy', 'docker', 1 / 20),
    to('post-copy --plain-pages', 'docker', 1 / 20),
    to('diskless --plain-pages', 'docker', 1 / 7),
    to('diskless', 'docker', 1 / 5),
    to('cold', 'docker', null),
    to('diskless', 'diskless --plain-pages', null),
    to('post-copy', 'post-copy --plain-pages', null),
    ...direct.map((name) => ({ what: `${name} / CRIU's own of it`, oursMs: observed(name), anchorMs: own(name), most: 1.6 })),
  ];
}
