/**
 * What do instrumented dockerd, containerd, shim and runc show of a move by Docker's own path, and what does it cost? Builds them, puts them on a pair
 * of test hosts, moves a container, and prints the tree, how much of the downtime is known for sure, the cost, and how well spans are inferred
 * without them; with `--pairs N` also the downtimes of N pairs of moves by instrumented and by stock programs.
 *
 *   npm run -s bench:source -- [--moves N] [--pairs N]
 *
 * Exit status 5 where a limit is exceeded.
 */
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { reportError } from '../../src/cli/terminal.ts';
import { renderTree } from '../../src/cli/tree.ts';
import { TransshipError } from '../../src/error.ts';
import { readRecords } from '../../src/evidence/json-lines.ts';
import type { SourceRecord } from '../../src/evidence/records.ts';
import { hostEvidence } from '../../src/evidence/run-folder.ts';
import { buildPrograms, goRootOf } from '../../src/instrument/build-programs.ts';
import { programNames, programsOf } from '../../src/instrument/programs.ts';
import { medianOf, medianRatio } from '../../src/trace/median-interval.ts';
import type { TwoHosts } from '../../test/two-hosts.ts';
import { cacheFolder } from '../../vm/build-cache.ts';
import { withPair } from '../downtime/test-pair.ts';
import { type Comparison, comparisonsOf } from './inferred.ts';
import { callersOf, type Moved, moveOnce, switchBoth } from './moves.ts';
import { measureSpanCost } from './span-cost.ts';

const set = 'debian13';
const limits = {
  onNs: 10_000,
  offNs: 100,
  /** Of the downtime, by spans whose ends are known. */
  surePercent: 99,
  costPercent: 2,
  pairRatio: 1.1,
  inferredPercent: 10,
} as const;

const print = (line: string) => process.stdout.write(`${line}\n`);
const say = (line: string) => void process.stderr.write(`${line}\n`);

function verdict(isMet: boolean, what: string): string {
  if (!isMet) process.exitCode = 5;
  return isMet ? `within ${what}` : `OVER ${what}`;
}

/** @returns nanoseconds of a span that is written */
async function printSpanCost(): Promise<number> {
  const root = await goRootOf({ set, programs: programsOf(set).filter(({ needsBuildDepends }) => !needsBuildDepends), say });
  const costs = await measureSpanCost(root, join(cacheFolder, `gocache-${set}`));
  for (const { state, fastestNs, medianNs, slowestNs, rounds } of costs) {
    const limitNs = state === 'on' ? limits.onNs : limits.offNs;
    const judged = state === 'empty' ? "Go's own part of it: a deferred call" : verdict(fastestNs <= limitNs, `${limitNs} ns`);
    print(
      `span ${state.padEnd(5)}  ${fastestNs} ns   (fastest of ${rounds} rounds; median ${medianNs}, slowest ${slowestNs})   ${judged}`,
    );
  }
  return costs.find(({ state }) => state === 'on')?.medianNs ?? Number.NaN;
}

function printMove({ folder, trace, downtimeMs }: Moved, spanNs: number): void {
  const { bounded = 0, untilNext = 0, inferred = 0 } = trace.explained ?? {};
  const percent = (share: number) => (100 * share).toFixed(2);
  const sure = 100 * (bounded + untilNext);
  print(
    `explained  ${percent(bounded)} % bounded + ${percent(untilNext)} % until-next = ${sure.toFixed(2)} % of ${downtimeMs.toFixed(0)} ms; ${percent(inferred)} % inferred   ${verdict(sure >= limits.surePercent, `${limits.surePercent} % at least`)}`,
  );
  const window = trace.downtime ?? { startNs: 0n, endNs: 0n };
  const events = ['a', 'b'].flatMap((host) => eventsOf(join(hostEvidence(folder, host), 'source.jsonl')));
  const count = events.filter(({ endNs }) => window.startNs <= BigInt(endNs) && BigInt(endNs) <= window.endNs).length;
  const cost = (100 * count * spanNs) / 1e6 / downtimeMs;
  print(
    `cost       ${count} events x ${(spanNs / 1e3).toFixed(1)} us = ${cost.toFixed(2)} % of the downtime   ${verdict(cost <= limits.costPercent, `${limits.costPercent} %`)}`,
  );
}

function eventsOf(file: string): readonly SourceRecord[] {
  return existsSync(file) ? readRecords<SourceRecord>(file) : [];
}

/** One row a rule and what it went by: medians over all moves. */
function printInferred(all: readonly Comparison[]): void {
  print('\nrules by which spans are inferred, against what the programs tell themselves');
  print('rule                               without the binaries    rule ms  shown ms   off by   begin us    end us  stretches');
  const keys = [...new Set(all.map(({ name, evidence }) => `${name}\0${evidence}`))];
  for (const key of keys) {
    const rows = all.filter(({ name, evidence }) => `${name}\0${evidence}` === key);
    const [ruleMs, shownMs] = [medianOf(rows.map((row) => row.ruleMs)), medianOf(rows.map((row) => row.shownMs))];
    const off = medianOf(rows.map((row) => (100 * (row.ruleMs - row.shownMs)) / row.shownMs));
    const [beginUs, endUs] = [medianOf(rows.map((row) => row.offUs[0])), medianOf(rows.map((row) => row.offUs[1]))];
    const [name = '', evidence = ''] = key.split('\0');
    print(
      `${name.padEnd(34)} ${evidence.padEnd(21)} ${ruleMs.toFixed(2).padStart(9)} ${shownMs.toFixed(2).padStart(9)} ${off.toFixed(1).padStart(6)} % ${beginUs.toFixed(0).padStart(10)} ${endUs.toFixed(0).padStart(9)}  ${rows.length}   ${verdict(Math.abs(off) <= limits.inferredPercent, `${limits.inferredPercent} %`)}`,
    );
  }
}

async function measure(moves: number, pairs: number): Promise<void> {
  const spanNs = await printSpanCost();
  const built = await buildPrograms({ set, programs: programNames, say });
  await withPair({ say, set: 'bench-source' }, async ({ a, b, signal }) => {
    await switchBoth({ a, b }, built);
    await moveOnce({ a, b }, signal); // warms up
    const moved: Moved[] = [];
    for (let move = 0; move < moves; move += 1) moved.push(await moveOnce({ a, b }, signal));
    const [first] = moved as [Moved];
    print(`\n${renderTree(first.trace, { columns: 150 })}\n`);
    for (const name of ['criu.dump', 'criu.restore']) print(`${name} is called by ${callersOf(first.trace, name).join(' < ')}`);
    for (const move of moved) printMove(move, spanNs);
    printInferred(moved.flatMap(({ folder, trace }) => comparisonsOf(folder, trace)));
    if (pairs > 0) await printPairs({ a, b }, { pairs, built, signal });
  });
}

interface Pairs {
  readonly pairs: number;
  readonly built: Awaited<ReturnType<typeof buildPrograms>>;
  readonly signal: AbortSignal;
}

/** Whoever goes first takes turns; between the two the hosts' programs are switched, and their daemons restarted. */
async function printPairs(hosts: TwoHosts, { pairs, built, signal }: Pairs): Promise<void> {
  const stock: number[] = [];
  const ours: number[] = [];
  for (let pair = 0; pair < pairs; pair += 1) {
    const sides = [
      { programs: null, into: stock },
      { programs: built, into: ours },
    ] as const;
    for (const { programs, into } of pair % 2 === 0 ? sides : [...sides].reverse()) {
      await switchBoth(hosts, programs);
      await moveOnce(hosts, signal); // a daemon's first move is slower
      into.push((await moveOnce(hosts, signal)).downtimeMs);
    }
    say(`pair ${pair + 1}  stock ${stock.at(-1)?.toFixed(0)} ms, instrumented ${ours.at(-1)?.toFixed(0)} ms`);
  }
  const { median, low, high } = medianRatio(stock, ours);
  print(
    `\npairs      instrumented / stock ${median.toFixed(3)} (95 %: ${low.toFixed(3)}-${high.toFixed(3)}; ${pairs} pairs, medians ${medianOf(ours).toFixed(0)} and ${medianOf(stock).toFixed(0)} ms)   ${verdict(high <= limits.pairRatio, `${limits.pairRatio}`)}`,
  );
}

try {
  const { values } = parseArgs({
    options: { pairs: { type: 'string', default: '0' }, moves: { type: 'string', default: '3' } },
  });
  const [moves, pairs] = [Number(values.moves), Number(values.pairs)];
  if (!Number.isInteger(moves) || moves < 1 || !Number.isInteger(pairs) || pairs < 0)
    throw new TransshipError('usage', 'no such number of moves, or of pairs', 'npm run -s bench:source -- --moves 3 --pairs 10');
  mkdirSync(cacheFolder, { recursive: true });
  await measure(moves, pairs);
} catch (error) {
  process.exitCode = reportError(error);
}
