/**
 * What does tracing cost a move? Each kind of evidence by itself: what one call or program costs (medians of pairs), how many there are in the
 * downtime of a move, and so which share of it; and, with `--pairs N`, downtimes of N pairs of moves with and without it.
 * `npm run -s bench:overhead -- [--pairs N] [--strategy S]`
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { reportError } from '../../src/cli/terminal.ts';
import { TransshipError } from '../../src/error.ts';
import { connectHost } from '../../src/hosts/connect.ts';
import { type WatchKind, watchKinds } from '../../src/migrate/watch.ts';
import { medianRatio } from '../../src/trace/median-interval.ts';
import { installRuntime } from '../../src/wrap/install.ts';
import type { TwoHosts } from '../../test/two-hosts.ts';
import { takeDown } from '../../vm/testbed-down.ts';
import { bringUp } from '../../vm/testbed-up.ts';
import { type Costs, measureCosts } from './costs.ts';
import { moveOnce, type Strategy, strategies } from './moves.ts';

const set = 'bench-overhead';
const runs = 310;
/** What tracing may cost at most, in per cent of the downtime. */
const limits: Readonly<Record<Strategy, number>> = { docker: 2, diskless: 2, 'post-copy': 5 };

const print = (line: string) => process.stdout.write(`${line}\n`);

async function measure(chosen: readonly Strategy[], pairs: number): Promise<void> {
  process.env.TRANSSHIP_TESTBED = set;
  process.env.TRANSSHIP_TRACES = mkdtempSync(join(tmpdir(), 'transship-bench-'));
  try {
    await bringUp({ set, cgroup: 'v2', say: (line) => process.stderr.write(`${line}\n`), signal: new AbortController().signal });
    await using a = await connectHost('test:a');
    await using b = await connectHost('test:b');
    for (const host of [a, b]) await installRuntime(host);
    const costs = await measureCosts(a, runs);
    printCosts(costs);
    for (const strategy of chosen) {
      await printShares({ a, b }, strategy, costs);
      for (const kind of watchKinds) if (pairs > 0) await printPairs({ a, b }, strategy, { kind, pairs });
    }
  } finally {
    await takeDown(set);
    rmSync(process.env.TRANSSHIP_TRACES, { recursive: true });
  }
}

function printCosts({ untracedUs, notedUs, kernelUs, plainUs }: Costs): void {
  const ms = (us: number) => `${(us / 1e3).toFixed(2)} ms`;
  const scale = `runc --version takes ${ms(plainUs)}, ${runs - 10} pairs`;
  print(`wrapper, a call that is noted      ${ms(notedUs)}   (nothing traced: ${ms(untracedUs)}; ${scale})`);
  print(`tracepoints, a program             ${ms(kernelUs)}   (start to end of /bin/true)`);
}

async function printShares(hosts: TwoHosts, strategy: Strategy, costs: Costs): Promise<void> {
  await moveOnce(hosts, strategy, watchKinds); // warms up
  const { downtimeUs, calls, programs } = await moveOnce(hosts, strategy, watchKinds);
  const share = (count: number, us: number) => ((100 * count * Math.max(0, us)) / downtimeUs).toFixed(2);
  const ms = (downtimeUs / 1e3).toFixed(0);
  const both = Number(share(calls, costs.notedUs)) + Number(share(programs, costs.kernelUs));
  const verdict = both <= limits[strategy] ? 'within' : 'OVER';
  print(
    `${strategy.padEnd(10)} downtime ${ms} ms   wrappers ${share(calls, costs.notedUs)} % (${calls} calls)   tracepoints ${share(programs, costs.kernelUs)} % (${programs} programs)   ${verdict} ${limits[strategy]} %`,
  );
}

/** Whoever goes first takes turns. */
async function printPairs(
  hosts: TwoHosts,
  strategy: Strategy,
  { kind, pairs }: { readonly kind: WatchKind; readonly pairs: number },
) {
  const plain: number[] = [];
  const traced: number[] = [];
  for (let pair = 0; pair < pairs; pair += 1) {
    const sides = [
      { kinds: [], into: plain },
      { kinds: [kind], into: traced },
    ] as const;
    for (const { kinds, into } of pair % 2 === 0 ? sides : [...sides].reverse())
      into.push((await moveOnce(hosts, strategy, kinds)).downtimeUs);
  }
  const { median, low, high } = medianRatio(plain, traced);
  print(
    `${strategy.padEnd(10)} ${kind}: traced / untraced ${median.toFixed(3)} (${low.toFixed(3)}-${high.toFixed(3)}, ${pairs} pairs)`,
  );
}

try {
  const { values } = parseArgs({ options: { pairs: { type: 'string', default: '0' }, strategy: { type: 'string' } } });
  const pairs = Number(values.pairs);
  const chosen = strategies.filter((name) => values.strategy === undefined || name === values.strategy);
  if (!Number.isInteger(pairs) || pairs < 0 || chosen.length === 0)
    throw new TransshipError(
      'usage',
      'no such number of pairs, or strategy',
      'npm run -s bench:overhead -- --pairs 20 --strategy docker',
    );
  await measure(chosen, pairs);
} catch (error) {
  process.exitCode = reportError(error);
}
