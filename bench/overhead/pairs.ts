import { medianInterval } from '../../src/trace/median-interval.ts';
import type { TestPair } from '../downtime/test-pair.ts';
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

/**
 * Downtimes as the container's own ticker saw them, with one kind of evidence and with none at all, in turns: whoever goes first changes from
 * pair to pair, so that daemons are started anew once a pair. Each pair has its own ratio, which what else goes on on the machine moves less.
 */
export async function printPairs(pair: TestPair, { strategy, kind, pairs, say }: PairsRequest): Promise<void> {
  const traced: readonly Kind[] = kind === 'all' ? kinds : [kind];
  await haveDaemons(pair, []);
  await moveOnce(pair, strategy, []); // warms up
  const ratios: number[] = [];
  for (let turn = 0; turn < pairs; turn += 1) {
    const us = { plain: 0, traced: 0 };
    for (const side of turn % 2 === 0 ? (['plain', 'traced'] as const) : (['traced', 'plain'] as const)) {
      const chosen = side === 'plain' ? [] : traced;
      await haveDaemons(pair, chosen);
      us[side] = (await moveOnce(pair, strategy, chosen)).observedUs;
    }
    ratios.push(us.traced / us.plain);
    say(`${strategy}, ${kind}, pair ${turn + 1}: ${(us.traced / 1e3).toFixed(1)} / ${(us.plain / 1e3).toFixed(1)} ms`);
  }
  const { median, low, high } = medianInterval(ratios);
  const excludes = high < most ? `excludes more than ${most.toFixed(2)}` : `does not exclude more than ${most.toFixed(2)}`;
  process.stdout.write(
    `${strategy.padEnd(10)} ${kind.padEnd(7)} traced / untraced ${median.toFixed(3)} (${low.toFixed(3)}-${high.toFixed(3)}, ${pairs} pairs): ${excludes}\n`,
  );
}
