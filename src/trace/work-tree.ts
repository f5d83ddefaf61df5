import { clip, type Interval, lengthNs, union } from './intervals.ts';
import type { Span } from './span.ts';
import type { Ns } from './time.ts';
import { isOnlooker } from './trace-leaves.ts';

/** A span among its callers. */
export interface WorkNode {
  readonly span: Span;
  readonly parent: WorkNode | undefined;
  readonly children: readonly WorkNode[];
}

type Growing = { span: Span; parent: WorkNode | undefined; children: WorkNode[] };

/**
 * The spans without those that look on from outside, whose children hang under the next that does not. So each moment of the work
 * stands in the tree once, and a span's children are what it was waiting for.
 *
 *   migration ├──────────────────────┤        migration
 *   downtime     ├───────────────┤        →     unexplained
 *   unexplained  ├─┤                            migration.checkpoint
 */
export function workTree(spans: readonly Span[]): readonly WorkNode[] {
  const byId = new Map(spans.map((span) => [span.spanId, span]));
  const nodes = new Map<string, Growing>();
  for (const span of spans) if (!isOnlooker(span)) nodes.set(span.spanId, { span, parent: undefined, children: [] });
  for (const node of nodes.values()) {
    const parent = nodes.get(callerOf(node.span, byId) ?? '');
    if (parent === undefined || parent === node) continue;
    node.parent = parent;
    parent.children.push(node);
  }
  return [...nodes.values()];
}

/** The id of the nearest caller that is no onlooker; a chain that bites its own tail ends. */
function callerOf(span: Span, byId: ReadonlyMap<string, Span>): string | undefined {
  let at = byId.get(span.parentSpanId ?? '');
  for (let step = 0; at !== undefined && isOnlooker(at) && step < byId.size; step += 1) at = byId.get(at.parentSpanId ?? '');
  return at?.spanId;
}

/** The time in which a span itself was at it: none of its children was. */
export function selfNs({ span, children }: WorkNode): Ns {
  return span.durationNs - lengthNs(clip(union(children.map((child) => extentOf(child.span))), extentOf(span)));
}

export function extentOf({ startNs, durationNs }: Span): Interval {
  return { startNs, endNs: startNs + durationNs };
}
