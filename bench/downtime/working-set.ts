import { moveOnce, type Reading } from './move.ts';
import type { Part } from './part.ts';
import { goalTable } from './report.ts';
import { inRounds } from './rounds.ts';
import { strategyTable } from './strategies.ts';

/** The writer's keys; with DEBUG POPULATE's values some 19 MB of the memory. */
const workingSetKeys = 100_000;
const growth = 4;

export const workingSet: Part = {
  name: 'working-set',
  about: `post-copy with ${growth} times the keys, while a client writes to ${workingSetKeys.toLocaleString('en')} of them`,
  runs: 10,
  measure: async (pair, { runs, keys, say }) => {
    const load = { command: 'SET', keys: Math.min(workingSetKeys, keys) } as const;
    const name = (count: number) => `post-copy, ${count.toLocaleString('en')} keys`;
    const sides = [keys, growth * keys].map((count) => ({
      name: name(count),
      once: () => {
        const workload = { reference: pair.image.reference, keys: count, network: 'bridge' } as const;
        return moveOnce({ ...pair, workload, options: { strategy: 'post-copy' }, load });
      },
    }));
    const { readings, warnings } = await inRounds<Reading>(sides, {
      runs,
      say,
      signal: pair.signal,
      figure: ({ observedMs }) => observedMs,
    });
    const observed = (count: number) => (readings.get(name(count)) ?? []).map(({ observedMs }) => observedMs);
    const goal = {
      what: `${growth} times the keys / the keys`,
      oursMs: observed(growth * keys),
      anchorMs: observed(keys),
      most: 1.2,
    };
    const writer = `The writer: one SET of 96 bytes after the other, a millisecond between them, keys drawn from the first ${load.keys.toLocaleString('en')}.`;
    return [writer, strategyTable(readings), goalTable([goal]), ...warnings.map((words) => `warning: ${words}`)].join('\n\n');
  },
};
