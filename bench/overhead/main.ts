/**
 * What does tracing cost a move? Each kind of evidence by itself: what one of its units costs (a call, a program, a span, a line), how many there are
 * in the downtime of a move, and so which share of it; and, with `--pairs N`, downtimes of N pairs of moves with and without it.
 * `npm run -s bench:overhead -- --help`
 */
import { parseArgs } from 'node:util';
import { reportError } from '../../src/cli/terminal.ts';
import { TransshipError } from '../../src/error.ts';
import { installRuntime } from '../../src/wrap/install.ts';
import { type TestPair, withPair } from '../downtime/test-pair.ts';
import { measureCosts } from './costs.ts';
import { haveDaemons, kinds } from './kinds.ts';
import { strategies } from './moves.ts';
import { type PairedKind, pairedKinds, printPairs } from './pairs.ts';
import { measureRequests } from './request-costs.ts';
import { type Costs, printCosts, printShares } from './shares.ts';

const help = `npm run -s bench:overhead -- [--pairs N] [--strategy S] [--kind K]

  --pairs     besides, so many pairs of moves with and without each kind, in turns: the ratio of observed downtimes
              and its 95 % interval (50 to 80 s a pair; none unless told)
  --strategy  ${strategies.join(', ')}; all of them unless told
  --kind      ${pairedKinds.join(', ')}; of the pairs only this one
`;

/** Pairs of calls for the cost of one, the first ten of which warm up. */
const calls = 310;
const say = (line: string) => process.stderr.write(`${line}\n`);

async function main(words: readonly string[]): Promise<void> {
  const text = { type: 'string' } as const;
  const options = { pairs: text, strategy: text, kind: text, help: { type: 'boolean' } } as const;
  const { values } = parseArgs({ args: [...words], options });
  if (values.help) return void process.stdout.write(help);
  const pairs = Number(values.pairs ?? 0);
  const chosen = strategies.filter((name) => values.strategy === undefined || name === values.strategy);
  const paired = pairedKinds.filter((name) => values.kind === undefined || name === values.kind);
  if (!Number.isInteger(pairs) || pairs < 0 || chosen.length === 0 || paired.length === 0)
    throw new TransshipError('usage', 'no such number of pairs, strategy or kind', 'npm run -s bench:overhead -- --help');
  await withPair({ set: 'bench-overhead', say }, async (pair) => {
    await installRuntime(pair.a);
    const costs = await costsOf(pair);
    printCosts(costs);
    for (const strategy of chosen) await printShares(pair, strategy, costs);
    if (pairs > 0) for (const strategy of chosen) await printAll(pair, { strategy, paired, pairs });
  });
}

async function costsOf(pair: TestPair): Promise<Costs> {
  const processes = await measureCosts(pair.a, calls, pair.signal);
  const requests = await measureRequests(pair.a, pair.signal);
  await haveDaemons(pair, kinds);
  return { ...processes, ...requests };
}

interface Paired {
  readonly strategy: (typeof strategies)[number];
  readonly paired: readonly PairedKind[];
  readonly pairs: number;
}

async function printAll(pair: TestPair, { strategy, paired, pairs }: Paired): Promise<void> {
  for (const kind of paired) await printPairs(pair, { strategy, kind, pairs, say });
}

await main(process.argv.slice(2)).catch((error) => {
  process.exitCode = reportError(error);
});
