import { medianOf } from '../../src/trace/median-interval.ts';
import type { TestPair } from '../downtime/test-pair.ts';
import { pairedRatio } from '../paired-ratio.ts';
import { haveDaemons, type Kind, kinds } from './kinds.ts';
import { moveOnce, type Strategy } from './moves.ts';

export const pairedKinds = [...kinds, 'all'] as const;
export type PairedKind = (typeof pairedKinds)[number];

/** What tracing may lengthen a downtime to at most. */
const most = 1.1;

export interface PairsRequest {
  readonly strategy: Strategy;
  readonly kind: PairedKind;
  readonly pairs: number;
  readonly say: (line: string) => void;
}

/** Of each side of a pair, after one that warms its daemons up: what a single move takes differs by a fifth, their median by less. */
const movesASide = 3;

/**
 * Downtimes as the container's own ticker saw them, with one kind of evidence and with none at all, in turns: whoever goes first changes from
 * pair to pair, so that daemons are started anew once a pair. Each pair has its own ratio, which what else goes on on the machine moves less.
 */
export async function printPairs(pair: TestPair, { strategy, kind, pairs, say }: PairsRequest): Promise<void> {
  const traced: readonly Kind[] = kind === 'all' ? kinds : [kind];
  const played: (readonly [plainUs: number, tracedUs: number])[] = [];
  for (let turn = 0; turn < pairs; turn += 1) {
    const us = { plain: 0, traced: 0 };
    for (const side of turn % 2 === 0 ? (['plain', 'traced'] as const) : (['traced', 'plain'] as const))
      us[side] = await playSide(pair, strategy, side === 'plain' ? [] : traced);
    played.push([us.plain, us.traced]);
    say(`${strategy}, ${kind}, pair ${turn + 1}: ${(us.traced / 1e3).toFixed(1)} / ${(us.plain / 1e3).toFixed(1)} ms`);
  }
  const { ratio, low, high } = pairedRatio(played);
  const excludes = high < most ? `excludes more than ${most.toFixed(2)}` : `does not exclude more than ${most.toFixed(2)}`;
  process.stdout.write(
    `${strategy.padEnd(10)} ${kind.padEnd(7)} traced / untraced ${ratio.toFixed(3)} (${low.toFixed(3)}-${high.toFixed(3)}, ${pairs} pairs): ${excludes}\n`,
  );
}

async function playSide(pair: TestPair, strategy: Strategy, chosen: readonly Kind[]): Promise<number> {
  await haveDaemons(pair, chosen);
  await moveOnce(pair, strategy, chosen);
  const observedUs: number[] = [];
  for (let move = 0; move < movesASide; move += 1) observedUs.push((await moveOnce(pair, strategy, chosen)).observedUs);
  return medianOf(observedUs);
}
