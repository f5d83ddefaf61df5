import type { Span } from '../trace/span.ts';

/**
 * A lane for each span of one process, so that within a lane any two spans are apart or one holds the other:
 * ```
 * lane 1  |parent------------------|      a child stands below its parent while it fits;
 *          |child a----|    |child c|
 * lane 2        |child b-----|            a sibling that overlaps takes the first lane that is free
 * ```
 * Only a span's own ancestors may hold it: drawn on a stranger that is longer, it would look like its child.
 * The result is in drawing order: by start, the longer first.
 */
export function lanesOf(spans: readonly Span[]): readonly { readonly span: Span; readonly lane: number }[] {
  const byId = new Map(spans.map((span) => [span.spanId, span]));
  const laneOf = new Map<Span, number>();
  const lanes: Span[][] = []; // of each lane, what is still open, outermost first
  const idleFrom: bigint[] = []; // of each lane, when the outermost ends
  const ordered = inDrawingOrder(spans);
  for (const span of ordered) {
    const lane = laneUnder(byId.get(span.parentSpanId ?? ''), span) ?? firstIdle(span);
    closeEnded(lane, span);
    const open = lanes[lane] ?? [];
    if (open.length === 0) idleFrom[lane] = endOf(span);
    open.push(span);
    lanes[lane] = open;
    laneOf.set(span, lane);
  }
  return ordered.map((span) => ({ span, lane: laneOf.get(span) ?? 0 }));

  function laneUnder(parent: Span | undefined, span: Span): number | undefined {
    const lane = parent === undefined ? undefined : laneOf.get(parent);
    if (lane === undefined) return undefined;
    closeEnded(lane, span);
    return lanes[lane]?.at(-1) === parent && parent !== undefined && endOf(span) <= endOf(parent) ? lane : undefined;
  }

  function firstIdle(span: Span): number {
    const idle = idleFrom.findIndex((from) => from <= span.startNs);
    return idle === -1 ? lanes.length : idle;
  }

  function closeEnded(lane: number, span: Span): void {
    const open = lanes[lane] ?? [];
    for (let last = open.at(-1); last !== undefined && endOf(last) <= span.startNs; last = open.at(-1)) open.pop();
  }
}

/** Where both ends are equal, the parent comes first. */
function inDrawingOrder(spans: readonly Span[]): readonly Span[] {
  const depths = depthsOf(spans);
  return [...spans].sort(
    (a, b) =>
      compare(a.startNs, b.startNs) ||
      compare(b.durationNs, a.durationNs) ||
      (depths.get(a.spanId) ?? 0) - (depths.get(b.spanId) ?? 0),
  );
}

/** Loops, not recursion; a cycle ends where it closes. */
function depthsOf(spans: readonly Span[]): ReadonlyMap<string, number> {
  const byId = new Map(spans.map((span) => [span.spanId, span]));
  const depths = new Map<string, number>();
  for (const span of spans) {
    const path: string[] = [];
    const seen = new Set<string>();
    let at: Span | undefined = span;
    while (at !== undefined && !depths.has(at.spanId) && !seen.has(at.spanId)) {
      path.push(at.spanId);
      seen.add(at.spanId);
      at = byId.get(at.parentSpanId ?? '');
    }
    let depth = at === undefined ? -1 : (depths.get(at.spanId) ?? -1);
    for (const id of path.reverse()) depths.set(id, ++depth);
  }
  return depths;
}

function endOf(span: Span): bigint {
  return span.startNs + span.durationNs;
}

function compare(a: bigint, b: bigint): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
