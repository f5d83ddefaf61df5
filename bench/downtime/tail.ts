import { medianOf } from '../../src/trace/median-interval.ts';
import type { Answer } from './load.ts';

/** What a client felt after the container had gone on. */
export interface Tail {
  /** From the resume until it got 90 % of the answers a second that it had got before; null when it never did. */
  readonly recoveredMs: number | null;
  /** Above what is usual, summed over the answers that came late until the last page had come. */
  readonly stallsMs: number;
  readonly stalls: number;
}

/** Answers a second are counted over so long. */
const windowMs = 100;
const wantedShare = 0.9;
/** An answer is late that took longer than this share of those before the move. */
const usualShare = 0.99;

/**
 * @param movedMs when the move was begun: what came before is what was usual
 * @param resumedMs when the container went on
 * @param wholeMs when its last page had come
 */
export function tailOf(
  answers: readonly Answer[],
  { movedMs, resumedMs, wholeMs }: Record<'movedMs' | 'resumedMs' | 'wholeMs', number>,
): Tail {
  const before = answers.filter(([atMs]) => atMs < movedMs);
  const [first, last] = [before[0]?.[0] ?? movedMs, before.at(-1)?.[0] ?? movedMs];
  const wanted = ((wantedShare * (before.length - 1)) / (last - first)) * windowMs;
  // the answer that ends the gap has waited for the move, not for a page
  const after = answers.filter(([atMs]) => atMs > resumedMs).slice(1);
  const latencies = before.map(([, latencyMs]) => latencyMs).sort((a, b) => a - b);
  const usualMs = medianOf(latencies);
  const lateMs = latencies[Math.floor(usualShare * (latencies.length - 1))] ?? 0;
  const late = after.filter(([atMs, latencyMs]) => latencyMs > lateMs && atMs - latencyMs < wholeMs);
  return {
    recoveredMs: recoveredAfter(after, resumedMs, wanted),
    stallsMs: late.reduce((sum, [, latencyMs]) => sum + latencyMs - usualMs, 0),
    stalls: late.length,
  };
}

function recoveredAfter(after: readonly Answer[], resumedMs: number, wanted: number): number | null {
  let end = 0;
  for (const [start, [atMs]] of after.entries()) {
    while (end < after.length && (after[end]?.[0] ?? 0) < atMs + windowMs) end += 1;
    if (end - start >= wanted) return atMs - resumedMs;
  }
  return null;
}
