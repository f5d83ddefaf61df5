import type { AlignedSpan } from './aligned-span.ts';
import { type Cuts, withoutUncertainty } from './explained.ts';
import { compareNs, type Interval } from './intervals.ts';
import type { Ns } from './time.ts';

/** A stretch that nothing explains, and the span in whose time it lies; undefined: in none but the downtime itself. */
export interface UnexplainedPart extends Interval {
  readonly holder: number | undefined;
}

/** A span that holds others, or waits: what is unexplained within it is shown under it. */
export interface Holder extends Interval {
  readonly index: number;
  readonly depth: number;
  /** A step or a call of the controller's, which waits for others. */
  readonly isOurs?: boolean;
  readonly cuts?: Cuts;
}

/**
 * Places each unexplained stretch under the innermost span that holds it, so that the tree shows who was at it. A stretch
 * is cut where its innermost holder changes.
 *
 *   stretch        ├────────────────┤
 *   api call    ├────────────┤              ┐ cut where the call ends:
 *   parts          ├─ call ──┤├ none┤       ┘ the rest belongs to the downtime
 */
export function placeUnexplained(stretches: readonly Interval[], holders: readonly Holder[]): readonly UnexplainedPart[] {
  const parts: UnexplainedPart[] = [];
  for (const stretch of stretches) {
    const near = holders.filter((holder) => holder.startNs < stretch.endNs && stretch.startNs < holder.endNs);
    for (const piece of cutAt(stretch, near)) {
      const holder = innermost(near, piece)?.index;
      const last = parts.at(-1);
      if (last !== undefined && last.holder === holder && last.endNs === piece.startNs)
        parts[parts.length - 1] = { startNs: last.startNs, endNs: piece.endNs, holder };
      else parts.push({ ...piece, holder });
    }
  }
  return parts;
}

/** Holders with the uncertain borders of their group taken off, as `withoutUncertainty` does with leaves. */
export function holdersOf(
  spans: readonly AlignedSpan[],
  isHolder: (index: number) => boolean,
  depths: readonly number[],
): readonly Holder[] {
  const holding = spans.flatMap((span, index) =>
    isHolder(index) ? [{ ...span, index, depth: depths[index] ?? 0, isOurs: span.service === 'transship' }] : [],
  );
  return withoutUncertainty(holding, spans);
}

function cutAt({ startNs, endNs }: Interval, holders: readonly Holder[]): readonly Interval[] {
  const inside = holders.flatMap((holder) => [holder.startNs, holder.endNs]).filter((ns) => startNs < ns && ns < endNs);
  const borders = [startNs, ...[...new Set(inside)].sort(compareNs), endNs];
  return borders.slice(1).map((ns, index) => ({ startNs: borders[index] as Ns, endNs: ns }));
}

function innermost(holders: readonly Holder[], piece: Interval): Holder | undefined {
  let best: Holder | undefined;
  for (const holder of holders) {
    if (holder.startNs > piece.startNs || holder.endNs < piece.endNs) continue;
    if (best === undefined || isCloser(holder, best)) best = holder;
  }
  return best;
}

/**
 * Of two that are as deep, in different branches of the tree (a step that looks on, and the call that it waits for): it is in the one that does the work,
 * and of two of those in the shorter, where the clocks' bounds kept that from lying below the other.
 */
function isCloser(one: Holder, other: Holder): boolean {
  if (one.depth !== other.depth) return one.depth > other.depth;
  const [isOurs, isOthers] = [one.isOurs === true, other.isOurs === true];
  return isOurs === isOthers ? !isOurs && one.endNs - one.startNs < other.endNs - other.startNs : isOthers;
}
