/**
 * Delays of 20, 50 and 200 ms at every place of test/delays/places.ts, on real hosts, and where the trace has them. Prints the table of
 * docs/what-happens-in-a-live-migration.md. The exit status is 5 when a delay stands elsewhere.
 * `npm run -s bench:delays -- [MS...] [--strategy S]`; runs are kept where TRANSSHIP_TRACES says
 */
import { parseArgs } from 'node:util';
import { reportError } from '../src/cli/terminal.ts';
import { TransshipError } from '../src/error.ts';
import { installRuntime } from '../src/wrap/install.ts';
import { type DelayedMove, type DelayRow, delayedMoves, playDelays } from '../test/delays/play.ts';
import { delayHead, delayLines, isRight } from '../test/delays/table.ts';
import { withPair } from './downtime/test-pair.ts';

const say = (line: string) => process.stderr.write(`${line}\n`);

async function play(moves: readonly DelayedMove[], lengthsMs: readonly number[]): Promise<readonly DelayRow[]> {
  return await withPair({ set: 'bench-delays', say }, async ({ a, b, image, signal }) => {
    await installRuntime(a);
    const rows: DelayRow[] = [];
    process.stdout.write(`${delayHead}\n`);
    for (const ms of lengthsMs) {
      for (const move of moves) {
        signal.throwIfAborted();
        const played = await playDelays({ a, b }, image.reference, { ...move, ms });
        say(`${move.strategy}, move ${move.move}, ${ms} ms: ${played.folder.path}`);
        process.stdout.write(`${delayLines(played.rows)}\n`);
        rows.push(...played.rows);
      }
    }
    return rows;
  });
}

try {
  const { values, positionals } = parseArgs({ options: { strategy: { type: 'string' } }, allowPositionals: true });
  const lengthsMs = positionals.length > 0 ? positionals.map(Number) : [20, 50, 200];
  const moves = delayedMoves.filter(({ strategy }) => values.strategy === undefined || strategy === values.strategy);
  if (!lengthsMs.every((ms) => ms > 0) || moves.length === 0)
    throw new TransshipError('usage', 'no such length, or strategy', 'npm run -s bench:delays -- 50 --strategy docker');
  const rows = await play(moves, lengthsMs);
  if (!rows.every(isRight)) process.exitCode = 5;
} catch (error) {
  process.exitCode = reportError(error);
}
