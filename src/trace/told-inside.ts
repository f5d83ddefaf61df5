import type { AlignedSpan } from './aligned-span.ts';

/**
 * Hangs what was seen of a program from outside (its calls by RPC, lines of its log, processes that it started) below the function in which
 * the program itself says that it did that. Both ends lie within the function's, and one clock dates both.
 *
 *   POST /checkpoints     ├──────────────────────┤     seen from outside: stays, it encloses the function
 *   create-checkpoint       ├──────────────────┤       the program's own word
 *   Tasks/Checkpoint           ├──────────┤            seen from outside: below create-checkpoint
 *
 * @returns the parents anew
 */
export function withToldInside(
  spans: readonly AlignedSpan[],
  parents: readonly (number | undefined)[],
): readonly (number | undefined)[] {
  const inside = spans.flatMap((span, index) => (span.isInside ? [index] : []));
  if (inside.length === 0) return parents;
  const moved = [...parents];
  spans.forEach((span, index) => {
    if (span.isInside || span.span.isDetail || span.service === 'transship') return;
    if (span.span.evidence === 'inferred' && span.span.isWait !== true) return; // the function itself knows better
    const parent = parents[index] === undefined ? undefined : spans[parents[index]];
    let least: number | undefined;
    for (const at of inside) {
      const told = spans[at] as AlignedSpan;
      if (told.service !== span.service || told.host !== span.host || !contains(told, span)) continue;
      if (parent !== undefined && contains(told, parent)) continue; // the parent moves, and this with it
      if (isBelow(at, index, moved)) continue;
      if (least === undefined || lengthOf(told) <= lengthOf(spans[least] as AlignedSpan)) least = at;
    }
    if (least !== undefined) moved[index] = least;
  });
  return moved;
}

/** Within what their anchors leave open: what the host's clock is off by is the same for both. */
function contains(outer: AlignedSpan, inner: AlignedSpan): boolean {
  const slackNs = outer.boundNs - outer.clockBoundNs + inner.boundNs - inner.clockBoundNs;
  const isAround = outer.startNs - slackNs <= inner.startNs && inner.endNs <= outer.endNs + slackNs;
  return isAround && lengthOf(outer) > lengthOf(inner);
}

function isBelow(index: number, upper: number, parents: readonly (number | undefined)[]): boolean {
  let at: number | undefined = index;
  for (let step = 0; at !== undefined && step <= parents.length; step += 1) {
    if (at === upper) return true;
    at = parents[at];
  }
  return false;
}

function lengthOf({ startNs, endNs }: AlignedSpan): bigint {
  return endNs - startNs;
}
