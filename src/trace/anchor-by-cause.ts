import type { AlignedSpan } from './aligned-span.ts';
import { causeOf } from './callers.ts';
import { nsPerS } from './time.ts';

/** A bound this wide says that nothing but the order of calls is known of a layer's place in time. */
const unanchoredNs = 86_400n * nsPerS;

/**
 * Puts a layer that nothing anchored to a wall clock where the order of calls has it: somewhere in the step that caused it.
 * It begins with the step, and what is left of the step is how far it may be off.
 *
 *   step    ├────────────────────┤
 *   layer   ├───────────┤╌ bound ╌
 */
export function anchorByCause(spans: readonly AlignedSpan[]): readonly AlignedSpan[] {
  const moves = new Map<number, { readonly byNs: bigint; readonly boundNs: bigint }>();
  for (const root of spans) {
    if (root.boundNs < unanchoredNs || root.span.parentKey !== undefined || moves.has(root.group)) continue;
    const cause = causeOf(root, spans);
    if (cause === undefined) continue;
    const restNs = cause.endNs - cause.startNs - (root.endNs - root.startNs);
    moves.set(root.group, { byNs: cause.startNs - root.startNs, boundNs: restNs > 0n ? restNs : 0n });
  }
  if (moves.size === 0) return spans;
  return spans.map((aligned) => {
    const move = moves.get(aligned.group);
    if (move === undefined) return aligned;
    return { ...aligned, startNs: aligned.startNs + move.byNs, endNs: aligned.endNs + move.byNs, boundNs: move.boundNs };
  });
}
