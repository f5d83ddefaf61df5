/**
 * Does the engine keep its promise in every order of crashes, lost answers, late ones, interrupts and recoveries? Plays that many lives of
 * controllers on simulated hosts and prints how they ended; a life that ends with two copies, or with none that nobody told of, is
 * printed with its seed, and the exit status is 1. `npm run -s bench:model -- [RUNS [SEED]]`
 */
import fc from 'fast-check';
import { reportError } from '../src/cli/terminal.ts';
import { TransshipError } from '../src/error.ts';
import { anyLife } from '../test/model/any-life.ts';
import { live } from '../test/model/lives.ts';

async function play(runs: number, seed: number): Promise<void> {
  const ended: Record<string, number> = {};
  const startMs = performance.now();
  const property = fc.asyncProperty(anyLife, async (life) => {
    const { outcome, violations, journal } = await live(life);
    ended[outcome] = (ended[outcome] ?? 0) + 1;
    if (violations.length > 0) throw new Error(`${violations.join('; ')}\n${journal.join('\n')}`);
  });
  const result = await fc.check(property, { numRuns: runs, seed });
  const seconds = (performance.now() - startMs) / 1e3;
  if (result.failed) {
    const words = `${fc.defaultReportMessage(result)}\n${messageOf(result.errorInstance)}`;
    throw new TransshipError('failed', words, 'keep the counterexample in test/model/kept-lives.ts');
  }
  const shares = Object.entries(ended).map(([outcome, count]) => `${outcome} ${((100 * count) / runs).toFixed(1)} %`);
  process.stdout.write(`model  0 broken of ${runs}  (seed ${seed}, ${seconds.toFixed(0)} s; ${shares.join(', ')})\n`);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

const [runs = '100000', seed = String(Date.now() % 2 ** 31)] = process.argv.slice(2);
await play(Number(runs), Number(seed)).catch((error) => {
  process.exitCode = reportError(error);
});
