import type { AlignedSpan } from './aligned-span.ts';
import { callerOf } from './callers.ts';
import { withToldInside } from './told-inside.ts';

export interface Joined {
  /** Parent of each span, by its place in the list; undefined for the roots. */
  readonly parents: readonly (number | undefined)[];
  /** Spans whose parent is missing or that were their own ancestors: kept, and named here. */
  readonly warnings: readonly string[];
}

/** Joins the layers into one tree (or several, when nothing calls a root). */
export function joinLayers(spans: readonly AlignedSpan[]): Joined {
  const warnings: string[] = [];
  const own = ownParents(spans, warnings);
  breakCycles(spans, own, warnings);
  const topIndex = spans.findIndex((span, index) => own[index] === undefined && span.service === 'transship');
  const indexOf = new Map(spans.map((span, index) => [span, index]));
  const parents = own.map((parent, index) => {
    if (parent !== undefined || index === topIndex) return parent;
    const caller = callerOf(spans[index] as AlignedSpan, spans, spans[topIndex]);
    return caller && indexOf.get(caller);
  });
  return { parents: withToldInside(spans, parents), warnings };
}

function ownParents(spans: readonly AlignedSpan[], warnings: string[]): (number | undefined)[] {
  const places = new Map<string, number>();
  const placesById = new Map<string, number>();
  spans.forEach(({ group, span, spanId }, index) => {
    places.set(`${group} ${span.key}`, index);
    placesById.set(spanId, index);
  });
  return spans.map(({ group, span, service, host }) => {
    if (span.parentKey === undefined) return span.parentSpanId === undefined ? undefined : placesById.get(span.parentSpanId);
    const parent = places.get(`${group} ${span.parentKey}`);
    if (parent === undefined)
      warnings.push(`${service} on ${host}: ${span.name} names a parent that is missing: ${span.parentKey}`);
    return parent;
  });
}

/** Walks up from every span, marking; whoever meets the mark of its own walk closes a cycle, and is cut from its parent. */
function breakCycles(spans: readonly AlignedSpan[], parents: (number | undefined)[], warnings: string[]): void {
  const walkOf = new Int32Array(spans.length).fill(-1);
  spans.forEach((_, start) => {
    let at: number | undefined = start;
    while (at !== undefined && walkOf[at] === -1) {
      walkOf[at] = start;
      const next: number | undefined = parents[at];
      if (next !== undefined && walkOf[next] === start) {
        const { service, host, span } = spans[at] as AlignedSpan;
        warnings.push(`${service} on ${host}: ${span.name} is its own ancestor; cut from its parent`);
        parents[at] = undefined;
        return;
      }
      at = next;
    }
  });
}
