import { TransshipError } from '../../error.ts';
import type { Round } from './stop-rule.ts';

/** What the script knows of a round. */
export type MarkedRound = Omit<Round, 'durationMs'> & {
  /** CRIU's own `frozen_time`. */
  readonly frozenUs: number;
};

/**
 * Reads what `pre-dump` (src/wrap/host) printed of one round.
 * @throws TransshipError `failed` with its own words when the round failed, or was not ended
 */
export function readRound(place: string, output: string): MarkedRound {
  const words = (mark: string) => new RegExp(`^[\\d.]+ ${mark} (.*)$`, 'm').exec(output)?.[1];
  const failed = words('pre-dump\\.failed');
  const [, pagesWritten, pagesSkipped, frozenUs] = (words('pre-dump\\.pages') ?? '').split(' ').map(Number);
  const [, bytes] = (words('pre-dump\\.sent') ?? '').split(' ').map(Number);
  if (
    failed === undefined &&
    pagesWritten !== undefined &&
    pagesSkipped !== undefined &&
    frozenUs !== undefined &&
    bytes !== undefined
  )
    return { pagesWritten, pagesSkipped, bytes, frozenUs };
  throw new TransshipError(
    'failed',
    `${place}: ${failed ?? 'it ended before its time'}`,
    "what CRIU said stands under 'failed' in: transship show RUN",
  );
}
