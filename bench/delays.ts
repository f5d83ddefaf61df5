import { connectHost } from '../src/hosts/connect.ts';
import type { StrategyName } from '../src/migrate/strategies/names.ts';
import { type DelayRow, playDelays } from '../test/delays/play.ts';
import { delayTable, isRight } from '../test/delays/table.ts';
import { prepareHosts } from '../test/running-workload.ts';
import { takeDown } from '../vm/testbed-down.ts';
import { bringUp } from '../vm/testbed-up.ts';

/**
 * Delays of 20, 50 and 200 ms at every place of test/delays/places.ts, on real hosts, and where the trace has them: a table. The exit status
 * is 1 when one stands elsewhere.
 *
 *   npm run -s bench:delays [-- MS...]
 */
const set = 'bench-delays';
const lengths = process.argv.slice(2).map(Number);
process.env.TRANSSHIP_TESTBED = set;
await bringUp({ set, cgroup: 'v2', say: (line) => console.error(line), signal: new AbortController().signal });
try {
  await using a = await connectHost('test:a');
  await using b = await connectHost('test:b');
  const image = await prepareHosts({ a, b });
  const rows: DelayRow[] = [];
  for (const ms of lengths.length > 0 ? lengths : [20, 50, 200]) {
    for (const strategy of ['docker', 'diskless', 'post-copy'] satisfies StrategyName[]) {
      const played = await playDelays({ a, b }, image, { strategy, ms });
      console.error(`${strategy}, ${ms} ms: ${played.folder.path}`);
      rows.push(...played.rows);
    }
  }
  console.log(delayTable(rows));
  if (!rows.every(isRight)) process.exitCode = 1;
} finally {
  await takeDown(set);
}
