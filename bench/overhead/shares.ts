import type { TestPair } from '../downtime/test-pair.ts';
import type { ProcessCosts } from './costs.ts';
import { kinds } from './kinds.ts';
import { countsOf, moveOnce, type Strategy } from './moves.ts';
import type { RequestCosts } from './request-costs.ts';

export type Costs = ProcessCosts & RequestCosts;

/** What tracing may cost at most, in per cent of the downtime. */
const limits: Readonly<Record<Strategy, number>> = { docker: 2, diskless: 2, 'post-copy': 5 };

const print = (line: string) => process.stdout.write(`${line}\n`);

export function printCosts({ untracedUs, notedUs, kernelUs, plainUs, spanUs, lineUs, criuLineUs, requestUs }: Costs): void {
  const ms = (us: number) => `${(us / 1e3).toFixed(2)} ms`;
  const micro = (us: number) => `${us.toFixed(1)} µs`;
  print(
    `calls   a call that is noted     ${ms(notedUs).padEnd(9)} untraced ${ms(untracedUs)}; runc --version takes ${ms(plainUs)}`,
  );
  print(`kernel  a program                ${ms(kernelUs).padEnd(9)} start to end of /bin/true`);
  print(`spans   a span                   ${micro(spanUs).padEnd(9)} a request that has one takes ${micro(requestUs)} without`);
  print(`log     a debug line of dockerd  ${micro(lineUs).padEnd(9)} the same request`);
  print(`        a line of CRIU           ${micro(criuLineUs).padEnd(9)} at most: written by perl`);
}

/** One move with everything, after one that warms up; a cost that came out below nothing counts as nothing. */
export async function printShares(pair: TestPair, strategy: Strategy, costs: Costs): Promise<void> {
  await moveOnce(pair, strategy, kinds);
  const moved = await moveOnce(pair, strategy, kinds);
  const counts = countsOf(moved);
  const unitUs = { calls: costs.notedUs, kernel: costs.kernelUs, spans: costs.spanUs, log: costs.lineUs };
  const shareOf = (us: number) => (100 * Math.max(0, us)) / moved.observedUs;
  const shares = kinds.map((kind) => ({ kind, percent: shareOf(counts[kind] * unitUs[kind]), count: counts[kind] }));
  const pages = {
    kind: 'page server -v4',
    percent: shareOf(counts.pageServerLines * costs.criuLineUs),
    count: counts.pageServerLines,
  };
  const all = [...shares, ...(pages.count > 0 ? [pages] : [])];
  const sum = all.reduce((total, { percent }) => total + percent, 0);
  const verdict = `${sum.toFixed(2)} % together: ${sum <= limits[strategy] ? 'within' : 'OVER'} ${limits[strategy]} %`;
  print(`${strategy.padEnd(10)} downtime ${(moved.observedUs / 1e3).toFixed(0)} ms   ${verdict}`);
  for (const { kind, percent, count } of all) print(`  ${kind.padEnd(16)} ${percent.toFixed(2)} %   (${count})`);
  const others = shareOf(counts.otherCriuLines * costs.criuLineUs).toFixed(2);
  print(
    `  not tracing's: ${counts.otherCriuLines} lines of CRIU (${others} %) that runc asks for (-v4), or post-copy itself needs`,
  );
}
