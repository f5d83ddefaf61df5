import { fuzz, fuzzTargets } from '../test/fuzz/targets.ts';

/**
 * Damaged logs, statistics and archives: no crash, no hang, no error but ours. A failure prints seed and case, to be played again:
 *
 *   npm run -s bench:fuzz [-- RUNS SEED]
 */
const [runs = 100_000, seed = Date.now() % 2 ** 31] = process.argv.slice(2).map(Number);

for (const target of fuzzTargets) {
  const count = Math.ceil(runs * target.share);
  const startMs = performance.now();
  await fuzz(target, count, seed);
  const perCase = (performance.now() - startMs) / count;
  process.stdout.write(`${target.name.padEnd(12)} ${count} cases, seed ${seed}: all right (${perCase.toFixed(2)} ms each)\n`);
}
