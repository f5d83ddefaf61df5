/**
 * Delays of 20, 50 and 200 ms at every place of test/delays/places.ts, on real hosts, and where the trace has them. Prints the table of
 * docs/what-happens-in-a-live-migration.md. The exit status is 5 when a delay stands elsewhere.
 * `npm run -s bench:delays -- [MS...] [--strategy S]`; runs are kept where TRANSSHIP_TRACES says
 */
import { parseArgs } from 'node:util';
import { reportError } from '../src/cli/terminal.ts';
import { TransshipError } from '../src/error.ts';
import { messageOf } from '../src/migrate/engine.ts';
import { installRuntime } from '../src/wrap/install.ts';
import { type DelayedMove, delayedMoves, playDelays } from '../test/delays/play.ts';
import { delayHead, delayLines, isRight } from '../test/delays/table.ts';
import { type TestPair, withPair } from './downtime/test-pair.ts';

const say = (line: string) => process.stderr.write(`${line}\n`);

/** @returns whether all stood where they must; a move that fails takes nothing from the others */
async function play(moves: readonly DelayedMove[], lengthsMs: readonly number[]): Promise<boolean> {
  return await withPair({ set: 'bench-delays', say }, async (pair) => {
    await installRuntime(pair.a);
    process.stdout.write(`${delayHead}\n`);
    let isAllRight = true;
    for (const ms of lengthsMs) {
      for (const move of moves) {
        pair.signal.throwIfAborted();
        isAllRight = (await playOne(pair, move, ms)) && isAllRight;
      }
    }
    return isAllRight;
  });
}

async function playOne(pair: TestPair, move: DelayedMove, ms: number): Promise<boolean> {
  const what = `${move.strategy}, move ${move.move}, ${ms} ms`;
  try {
    const { rows, folder } = await playDelays(pair, pair.image.reference, { ...move, ms });
    process.stdout.write(`${delayLines(rows)}\n`);
    say(`${what}: ${folder.path}`);
    return rows.every(isRight);
  } catch (error) {
    say(`${what}: ${messageOf(error)}`);
    return false;
  }
}

try {
  const { values, positionals } = parseArgs({ options: { strategy: { type: 'string' } }, allowPositionals: true });
  const lengthsMs = positionals.length > 0 ? positionals.map(Number) : [20, 50, 200];
  const moves = delayedMoves.filter(({ strategy }) => values.strategy === undefined || strategy === values.strategy);
  if (!lengthsMs.every((ms) => ms > 0) || moves.length === 0)
    throw new TransshipError('usage', 'no such length, or strategy', 'npm run -s bench:delays -- 50 --strategy docker');
  if (!(await play(moves, lengthsMs))) process.exitCode = 5;
} catch (error) {
  process.exitCode = reportError(error);
}
