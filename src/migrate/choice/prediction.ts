import type { PredictedDowntime } from '../../evidence/manifest.ts';
import { type StrategyName, strategyNames } from '../strategies/names.ts';
import { type Cost, costsOf } from './costs.ts';
import { expectedRounds } from './expected-rounds.ts';
import type { Facts } from './facts.ts';
import { type Interval, productOf, slowerOf, sumOf, timesOf } from './interval.ts';

export interface Prediction {
  readonly strategy: StrategyName;
  /** From the last freeze to the first resume; null where a fact is missing, which `missing` names. */
  readonly downtimeMs: Interval | null;
  /** Memory that goes over the line, now or later; files are not in it. */
  readonly bytes: Interval | null;
  /** Facts that are not known. Without `write rate` there are bounds all the same, by what rounds stop at. */
  readonly missing: readonly string[];
}

type Known = Pick<Facts, 'memory' | 'linkBytesPerS' | 'arePagesPlain' | 'writes'>;

/** A short look at a link, by ssh: a quiet moment is up to a fifth faster, a busy one slower. */
const linkShares = { fast: 1.2, slow: 0.6 } as const;
/** Faster than that, ssh's cipher is what was measured, and the wire may carry more (AES-GCM on one core). */
const cipherBytesPerS = 200e6;
/** Page maps, tables and tar's blocks: some 0.2 % and less than 2 MB in every dump seen. */
const imageOverhead = { share: 0.01, bytes: 2e6 } as const;

/** Pure. Every strategy's prediction, also of those that cannot be taken here. */
export function predictAll(facts: Known): readonly Prediction[] {
  return strategyNames.map((strategy) => predict(strategy, facts));
}

export function predict(strategy: StrategyName, facts: Known): Prediction {
  const { memory, linkBytesPerS, writes } = facts;
  const costs = costsOf(strategy, facts.arePagesPlain);
  const hasRounds = strategy === 'pre-copy' || strategy === 'hybrid';
  const missing = [
    ...(memory === null ? ['memory'] : []),
    ...(linkBytesPerS === null && costs.some(({ over }) => over !== null) ? ['link speed'] : []),
  ];
  const unsure = hasRounds && writes === null ? ['write rate'] : [];
  if (memory === null) return { strategy, downtimeMs: null, bytes: null, missing: [...missing, ...unsure] };
  const all = { low: memory.dumpedBytes, likely: memory.dumpedBytes, high: memory.dumpedBytes };
  const rounds = expectedRounds(memory, writes, linkBytesPerS);
  const bytes = withOverhead(hasRounds ? rounds.sentBytes : all);
  if (missing.length > 0) return { strategy, downtimeMs: null, bytes, missing: [...missing, ...unsure] };
  const parts = costs.map((cost) => msOf(cost, cost.of === 'left' ? rounds.leftBytes : all, linkBytesPerS));
  return { strategy, downtimeMs: sumOf(parts), bytes, missing: unsure };
}

function msOf({ fixedMs, msPerMb, over }: Cost, bytes: Interval, linkBytesPerS: number | null): Interval {
  const own = productOf(msPerMb, timesOf(bytes, 1e-6));
  if (over === null || linkBytesPerS === null) return sumOf([fixedMs, own]);
  return sumOf([fixedMs, slowerOf(own, linkMs(over, bytes, linkBytesPerS))]);
}

function linkMs(over: 'ssh' | 'wire', bytes: Interval, bytesPerS: number): Interval {
  const ms = timesOf(bytes, 1e3 / bytesPerS);
  const isCipher = over === 'wire' && bytesPerS > cipherBytesPerS; // then the wire is at least as fast as that
  return { low: isCipher ? 0 : ms.low / linkShares.fast, likely: isCipher ? 0 : ms.likely, high: ms.high / linkShares.slow };
}

function withOverhead({ low, likely, high }: Interval): Interval {
  const { share, bytes } = imageOverhead;
  return { low, likely: likely + bytes / 2, high: high * (1 + share) + bytes };
}

/** Pure. As `run.json` keeps it: microseconds, whole numbers. */
export function recordOf({ strategy, downtimeMs, bytes }: Prediction): PredictedDowntime {
  const round = ({ low, likely, high }: Interval) => ({
    low: Math.round(low),
    likely: Math.round(likely),
    high: Math.round(high),
  });
  return { strategy, downtimeUs: downtimeMs && round(timesOf(downtimeMs, 1e3)), bytes: bytes && round(bytes) };
}
