/**
 * What does it cost that the container is never lost? The same container moved by Docker's own path as it is (`--plain`) and
 * as `migrate` does it, interleaved on one pair of test hosts; prints the ratio of traced downtimes.
 * `npm run -s bench:safe -- RUNS`
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadTrace } from '../src/cli/load-trace.ts';
import { tracedUs } from '../src/cli/readings.ts';
import { reportError } from '../src/cli/terminal.ts';
import { TransshipError } from '../src/error.ts';
import { connectHost } from '../src/hosts/connect.ts';
import { medianOf } from '../src/trace/median-interval.ts';
import { counterName, startCounter } from '../test/host-faults.ts';
import { moveIt } from '../test/mover.ts';
import { takeDown } from '../vm/testbed-down.ts';
import { bringUp } from '../vm/testbed-up.ts';

const set = 'bench';
/** Enough that dockerd's way through the content store shows, little enough that twenty moves take a minute. */
const memoryMb = 64;

async function measure(runs: number): Promise<void> {
  process.env.TRANSSHIP_TESTBED = set;
  process.env.TRANSSHIP_TRACES = mkdtempSync(join(tmpdir(), 'transship-bench-'));
  const downtimesMs: Record<'safe' | 'plain', number[]> = { safe: [], plain: [] };
  try {
    await bringUp({ set, cgroup: 'v2', say: (line) => process.stderr.write(`${line}\n`), signal: new AbortController().signal });
    await using a = await connectHost('test:a');
    await using b = await connectHost('test:b');
    for (let run = -1; run < runs; run += 1) {
      for (const side of ['plain', 'safe'] as const) {
        await startCounter(a, '', memoryMb);
        const { folder, manifest } = await moveIt({ a, b }, { container: counterName, options: { isPlain: side === 'plain' } });
        const us = tracedUs(loadTrace(folder));
        if (manifest.outcome !== 'migrated' || us === null)
          throw new TransshipError('failed', `run ${run} (${side}) did not move`, 'transship doctor test:a test:b');
        if (run >= 0) downtimesMs[side].push(us / 1e3); // the first pair warms up
        await b.shell.run(`docker rm -f ${counterName}`);
      }
    }
  } finally {
    await takeDown(set);
    rmSync(process.env.TRANSSHIP_TRACES, { recursive: true });
  }
  const { safe, plain } = downtimesMs;
  process.stdout.write(
    `safe-path  ${(medianOf(safe) / medianOf(plain)).toFixed(2)}  (safe ${spread(safe)} / plain ${spread(plain)}, ${runs} runs a side, ${memoryMb} MB)\n`,
  );
}

function spread(values: readonly number[]): string {
  return `${medianOf(values).toFixed(0)} ms, ${Math.min(...values).toFixed(0)}-${Math.max(...values).toFixed(0)}`;
}

try {
  const runs = Number(process.argv[2] ?? 10);
  if (!Number.isInteger(runs) || runs < 1)
    throw new TransshipError('usage', `${process.argv[2]} is no number of runs`, 'npm run -s bench:safe -- 10');
  await measure(runs);
} catch (error) {
  process.exitCode = reportError(error);
}
