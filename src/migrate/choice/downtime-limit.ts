import { TransshipError } from '../../error.ts';
import { formatNs, usToNs } from '../../trace/time.ts';
import type { StrategyName } from '../strategies/names.ts';
import type { Prediction } from './prediction.ts';
import { downtimeWords } from './words.ts';

const units = { ms: 1, s: 1_000, min: 60_000 } as const;

/** `300ms`, `1.5s`, `2min`: in milliseconds. @throws TransshipError `usage` */
export function parseDowntimeLimit(text: string): number {
  const [, number, unit] = /^(\d+(?:\.\d+)?) ?(ms|s|min)$/.exec(text) ?? [];
  const limitMs = Number(number) * units[(unit ?? 'ms') as keyof typeof units];
  if (limitMs > 0) return limitMs;
  throw new TransshipError('usage', `--downtime-limit ${text} is no length of time`, 'a number and a unit: 300ms, 1.5s, 2min');
}

function limitWords(ms: number): string {
  return formatNs(usToNs(ms * 1e3));
}

interface Limited {
  readonly container: string;
  readonly strategy: StrategyName;
  /** Null: there is none. */
  readonly limitMs: number | null;
  readonly predictions: readonly Prediction[];
}

/** @throws TransshipError `not-ready` when even the shortest downtime that is expected is over the limit */
export function refuseOverLimit({ container, strategy, limitMs, predictions }: Limited): void {
  const downtimeMs = predictions.find((one) => one.strategy === strategy)?.downtimeMs ?? null;
  if (limitMs === null || downtimeMs === null || downtimeMs.low <= limitMs) return;
  // what hangs on a fact that nobody knows is no advice
  const within = predictions.filter(
    (one) => one.downtimeMs !== null && one.missing.length === 0 && one.downtimeMs.likely <= limitMs,
  );
  const names = within.map((one) => `--strategy ${one.strategy} (${downtimeWords(one.downtimeMs)})`);
  const instead = names.length === 0 ? 'no strategy is expected to be as quick' : names.join(', or ');
  throw new TransshipError(
    'not-ready',
    `${container} would stand still for ${downtimeWords(downtimeMs)} by ${strategy}, and the limit is ${limitWords(limitMs)}`,
    `${instead}; or raise --downtime-limit`,
  );
}

/** What a rollback says. */
export function limitPassed(container: string, limitMs: number, lastedMs: number): TransshipError {
  return new TransshipError(
    'failed',
    stoodLonger(container, limitMs, lastedMs),
    'raise --downtime-limit, or take what --dry-run expects to be quicker',
  );
}

export function stoodLonger(container: string, limitMs: number, lastedMs: number): string {
  return `${container} stood still for ${limitWords(lastedMs)}, and the limit is ${limitWords(limitMs)}`;
}
