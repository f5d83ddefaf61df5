import type { AlignedSpan } from './aligned-span.ts';

/**
 * A log's last line is often dated a little after the end that another clue has of its caller. Where that is less than what the two may be
 * off by, the span ends with its caller: readers of traces (Jaeger's clock skew adjuster) move one that does not lie within it.
 */
export function withinCallers(spans: readonly AlignedSpan[], parents: readonly (number | undefined)[]): readonly AlignedSpan[] {
  const fitted = new Map<number, AlignedSpan>();
  const trimmed = (index: number): AlignedSpan => {
    const known = fitted.get(index);
    if (known !== undefined) return known;
    const own = spans[index] as AlignedSpan;
    fitted.set(index, own); // nobody is asked for his own caller without end
    const parent = parents[index];
    const result = parent === undefined ? own : endingWith(own, trimmed(parent));
    fitted.set(index, result);
    return result;
  };
  return spans.map((_, index) => trimmed(index));
}

function endingWith(own: AlignedSpan, caller: AlignedSpan): AlignedSpan {
  const isLate = own.endNs > caller.endNs && own.endNs - caller.endNs <= own.boundNs + caller.boundNs;
  if (!isLate || own.host !== caller.host || own.startNs > caller.endNs) return own;
  return { ...own, endNs: caller.endNs };
}
