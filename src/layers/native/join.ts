import type { NativeEvidence, NativeSpan } from './evidence.ts';
import { isRequest, type NativeOperation, operationOf } from './operations.ts';

/**
 * How a span came to its request. `traceparent`: its own ids say so, from our call on. Where the daemon lost the context, the span lies
 * within one request for our container, and within no other that could have made it.
 */
type JoinMeans = 'traceparent' | 'trace id and time' | 'container id and time';

/** A span that is shown, with what it hangs under. */
export interface NativeNode {
  readonly span: NativeSpan;
  readonly operation: NativeOperation;
  /** The next above it that is shown; of a request, our call. */
  readonly parentSpanId: string | undefined;
  /** Set where the span has no parent of its own here. */
  readonly joinedBy: JoinMeans | null;
  /** Spans below it that are not shown. */
  readonly omitted: number;
}

/** One of our requests, and all that was done for it, in the order of their begin. */
export interface NativeRequest {
  readonly span: NativeSpan;
  readonly nodes: readonly NativeNode[];
}

export interface Joined {
  readonly evidence: NativeEvidence;
  readonly requests: readonly NativeRequest[];
  readonly warnings: readonly string[];
}

/** Finds our requests among all that the daemons did, and puts under each what was done for it. */
export function joinNative(evidence: NativeEvidence): Joined {
  const tree = treeOf(evidence.spans);
  const requests = evidence.spans.filter((span) => isRequest(span) && operationOf(span) !== undefined);
  const found = new Map<string, Top[]>();
  const unsure: string[] = [];
  for (const span of tree.tops) {
    const top = topOf(span, requests, evidence.traceId);
    if (top === 'unsure') unsure.push(span.name);
    else if (top !== null) found.set(top.request.spanId, [...(found.get(top.request.spanId) ?? []), top]);
  }
  const joined = [...found.values()]
    .map((all) => withoutEquals(all, unsure))
    .map((tops): NativeRequest => {
      const nodes = tops.flatMap((top) => nodesBelow(top, tree));
      return { span: (tops[0] as Top).request, nodes: nodes.sort((a, b) => (a.span.startNs < b.span.startNs ? -1 : 1)) };
    });
  return {
    evidence,
    requests: joined.filter(({ nodes }) => nodes.some(({ span }) => isRequest(span))),
    warnings: told(unsure, evidence),
  };
}

/**
 * A request that is still under way when a move ends has no span yet, but its calls have: of a call that a request makes once there are then
 * two, and none of them is taken.
 */
function withoutEquals(tops: readonly Top[], unsure: string[]): readonly Top[] {
  return tops.filter(({ span, joinedBy }) => {
    const operation = operationOf(span);
    if (joinedBy !== 'container id and time' || operation?.isRepeated || containerOf(span) !== undefined) return true;
    if (tops.filter((other) => operationOf(other.span) === operation).length === 1) return true;
    unsure.push(span.name);
    return false;
  });
}

function told(unsure: readonly string[], { host }: NativeEvidence): readonly string[] {
  if (unsure.length === 0) return [];
  const names = [...new Set(unsure)].join(', ');
  return [
    `dockerd on ${host}: ${unsure.length} of its own spans could belong to more than one request, and are left out: ${names}`,
  ];
}

interface Tree {
  readonly tops: readonly NativeSpan[];
  readonly below: ReadonlyMap<string, readonly NativeSpan[]>;
}

/** A stream's client that never ended is not there; what was served for it is a top. */
function treeOf(spans: readonly NativeSpan[]): Tree {
  const known = new Set(spans.map(({ spanId }) => spanId));
  const below = new Map<string, NativeSpan[]>();
  const tops: NativeSpan[] = [];
  for (const span of spans) {
    if (span.parentSpanId === undefined || !known.has(span.parentSpanId) || span.parentSpanId === span.spanId) tops.push(span);
    else below.set(span.parentSpanId, [...(below.get(span.parentSpanId) ?? []), span]);
  }
  return { tops, below };
}

interface Top {
  readonly span: NativeSpan;
  readonly request: NativeSpan;
  readonly joinedBy: JoinMeans;
}

/** Null: it is none of ours. `unsure`: it may be, but another request may have made it as well. */
function topOf(span: NativeSpan, requests: readonly NativeSpan[], traceId: string): Top | 'unsure' | null {
  const operation = operationOf(span);
  if (operation === undefined) return null;
  if (isRequest(span)) return span.traceId === traceId ? { span, request: span, joinedBy: 'traceparent' } : null;
  const around = requests.filter(
    (request) => isWithin(span, request) && operation.requests.some((name) => name === request.name),
  );
  const id = containerOf(span);
  const candidates = id === undefined ? around : around.filter((request) => isFor(request, id));
  const [first, second] = candidates;
  if (first === undefined || !candidates.some((request) => request.traceId === traceId)) return null;
  if (second !== undefined) return 'unsure';
  return { span, request: first, joinedBy: span.traceId === traceId ? 'trace id and time' : 'container id and time' };
}

function isWithin(inner: NativeSpan, outer: NativeSpan): boolean {
  return outer.startNs <= inner.startNs && inner.endNs <= outer.endNs;
}

/** The container that a span itself names. */
function containerOf({ attributes }: NativeSpan): string | undefined {
  return attributes['container.ID'] ?? attributes['container.id'] ?? attributes['task.container.id'] ?? attributes['task.id'];
}

/** A path may hold the container's name: then nothing speaks against it. */
function isFor({ attributes }: NativeSpan, id: string): boolean {
  const named = /\/containers\/([^/?]+)/.exec(attributes['url.path'] ?? attributes['http.target'] ?? '')?.[1];
  return named === undefined || !/^[0-9a-f]{12,64}$/.test(named) || id.startsWith(named);
}

function nodesBelow({ span: top, request, joinedBy }: Top, tree: Tree): NativeNode[] {
  const nodes: NativeNode[] = [];
  const visit = (span: NativeSpan, above: NativeNode | null): number => {
    const operation = isShown(span, above) ? operationOf(span) : undefined;
    const parentSpanId = above?.span.spanId ?? (isRequest(span) ? span.parentSpanId : request.spanId);
    const node = operation && { span, operation, parentSpanId, joinedBy: above === null ? joinedBy : null, omitted: 0 };
    const place = nodes.length;
    if (node !== undefined) nodes.push(node);
    const omitted = (tree.below.get(span.spanId) ?? []).reduce((sum, child) => sum + visit(child, node ?? above), 0);
    if (node === undefined) return omitted + 1;
    nodes[place] = { ...node, omitted };
    return 0;
  };
  visit(top, null);
  return nodes;
}

/** A stream that was served is told by its caller's span, where there is one. */
function isShown(span: NativeSpan, above: NativeNode | null): boolean {
  return !(above?.operation.isStream === true && above.span.name === span.name);
}
