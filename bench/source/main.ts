/**
 * What do instrumented dockerd, containerd, shim and runc show of a move by Docker's own path, and what does it cost? Builds them, puts them on a pair
 * of test hosts, moves a container, and prints the tree, how much of the downtime is known for sure, the cost, and how well spans are inferred
 * without them; with `--pairs N` also the downtimes of N pairs of moves by instrumented and by stock programs.
 *
 *   npm run -s bench:source -- [--set SET] [--moves N] [--pairs N]
 *   npm run -s bench:source -- --vet SET      only whether what is put into a set's sources passes `go vet`
 *
 * Exit status 5 where a limit is exceeded.
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { reportError } from '../../src/cli/terminal.ts';
import { renderTree } from '../../src/cli/tree.ts';
import { TransshipError } from '../../src/error.ts';
import { buildPrograms, goRootOf } from '../../src/instrument/build-programs.ts';
import { programNames, programsOf } from '../../src/instrument/programs.ts';
import { medianOf } from '../../src/trace/median-interval.ts';
import type { TwoHosts } from '../../test/two-hosts.ts';
import { cacheFolder } from '../../vm/places.ts';
import { type SourceSet, sourceSets } from '../../vm/versions.ts';
import { withPair } from '../downtime/test-pair.ts';
import { pairedRatio } from '../paired-ratio.ts';
import { comparisonsOf, ownershipsOf } from './inferred.ts';
import { callersOf, type Moved, moveOnce, switchBoth } from './moves.ts';
import { limits, print, printInferred, printMove, printOwners, say, verdict } from './report.ts';
import { measureSpanCost } from './span-cost.ts';
import { vetInjected } from './vet.ts';

/** @returns nanoseconds of a span that is written */
async function printSpanCost(set: SourceSet): Promise<number> {
  const root = await goRootOf({ set, programs: programsOf(set), say }); // the tree that the programs are built in
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

/** What `go vet` has against their own lines is theirs, with spans or without. */
async function printVetted(set: SourceSet): Promise<void> {
  const root = await goRootOf({ set, programs: programsOf(set), say });
  const { packages, ofOurs, ofTheirs, unseen } = await vetInjected(set, root, join(cacheFolder, `gocache-${set}`));
  for (const line of [...ofOurs, ...unseen]) print(`vet        ${line}`);
  print(
    `vet        ${set}: ${packages - unseen.length} of ${packages} packages looked at: ${ofOurs.length} complaints about what is put in, ${ofTheirs.length} about their own lines   ${verdict(ofOurs.length + unseen.length === 0, '0')}`,
  );
}

async function measure(set: SourceSet, moves: number, pairs: number): Promise<void> {
  const spanNs = await printSpanCost(set);
  const built = await buildPrograms({ set, programs: programNames, say });
  await printVetted(set);
  await withPair({ say, set: 'bench-source', packages: set }, async ({ a, b, signal }) => {
    await switchBoth({ a, b }, built);
    await moveOnce({ a, b }, signal); // warms up
    const moved: Moved[] = [];
    for (let move = 0; move < moves; move += 1) moved.push(await moveOnce({ a, b }, signal));
    const [first] = moved as [Moved];
    print(`\n${renderTree(first.trace, { columns: 150 })}\n`);
    for (const name of ['criu.dump', 'criu.restore']) print(`${name} is called by ${callersOf(first.trace, name).join(' < ')}`);
    for (const move of moved) printMove(move, spanNs);
    printInferred(moved.flatMap(({ folder, trace }) => comparisonsOf(folder, trace)));
    printOwners(moved.flatMap(({ folder, trace }) => ownershipsOf(folder, trace)));
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
  const { ratio, low, high } = pairedRatio(stock.map((stockMs, pair) => [stockMs, ours[pair] ?? Number.NaN]));
  print(
    `\npairs      instrumented / stock ${ratio.toFixed(3)} (95 %: ${low.toFixed(3)}-${high.toFixed(3)}; ${pairs} pairs, medians ${medianOf(ours).toFixed(0)} and ${medianOf(stock).toFixed(0)} ms)   ${verdict(high <= limits.pairRatio, `${limits.pairRatio}`)}`,
  );
}

/** @throws TransshipError `usage` */
function setNamed(option: string, name: string): SourceSet {
  const set = sourceSets.find((each) => each === name);
  if (set === undefined) throw new TransshipError('usage', `${option} ${name}: no such set`, `one of ${sourceSets.join(', ')}`);
  return set;
}

try {
  const { values } = parseArgs({
    options: {
      pairs: { type: 'string', default: '0' },
      moves: { type: 'string', default: '3' },
      set: { type: 'string', default: 'debian13' },
      vet: { type: 'string' },
    },
  });
  const [moves, pairs] = [Number(values.moves), Number(values.pairs)];
  if (!Number.isInteger(moves) || moves < 1 || !Number.isInteger(pairs) || pairs < 0)
    throw new TransshipError('usage', 'no such number of moves, or of pairs', 'npm run -s bench:source -- --moves 3 --pairs 10');
  mkdirSync(cacheFolder, { recursive: true });
  if (values.vet === undefined) await measure(setNamed('--set', values.set), moves, pairs);
  else await printVetted(setNamed('--vet', values.vet));
} catch (error) {
  process.exitCode = reportError(error);
}
