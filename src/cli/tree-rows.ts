import type { Interval } from '../trace/intervals.ts';
import { compareNs, lengthNs, union } from '../trace/intervals.ts';
import type { Service } from '../trace/layer-spans.ts';
import type { Span, Trace } from '../trace/span.ts';
import { formatNs, type Ns } from '../trace/time.ts';
import { downtimeName, unexplainedName } from '../trace/trace-leaves.ts';

/** One line of the tree: a span, several of the same name, or the small rest of a family. */
export interface TreeRow {
  readonly depth: number;
  readonly label: string;
  readonly service: Service | null;
  /** Service and host, as a reader looks for them. */
  readonly layer: string;
  readonly startNs: Ns;
  readonly durationNs: Ns;
  readonly parts: readonly Interval[];
  readonly kind: 'work' | 'frame' | 'unexplained' | 'downtime' | 'rest';
  readonly isFailed: boolean;
}

export interface RowOptions {
  /** Every span on a line of its own. */
  readonly isAll: boolean;
  /** Shorter families are folded into `… n more`. */
  readonly leastNs: Ns;
}

/** From so many siblings of one name on they share a line. */
const sharedFrom = 3;
/** So many lines are shown at most for a family whose members are all small. */
const mostUnfolded = 6;

interface Pending {
  readonly spans: readonly Span[];
  readonly depth: number;
  readonly prefix: string;
  readonly rest?: true;
}

/** The trace as lines, parents before their children, in order of time. */
export function treeRows(trace: Trace, options: RowOptions): readonly TreeRow[] {
  const children = childrenOf(trace);
  const rows: TreeRow[] = [];
  const pending = families(children.get(undefined) ?? [], { depth: 0, prefix: '' }, { ...options, leastNs: 0n }).reverse();
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    const [first] = next.spans;
    if (first === undefined) continue;
    rows.push(rowOf(next, children));
    if (next.spans.length > 1) continue; // several on one line: what is below them needs --all
    const below = { depth: next.depth + 1, prefix: first.name };
    pending.push(...families(children.get(first.spanId) ?? [], below, options).reverse());
  }
  return rows;
}

function childrenOf(trace: Trace): ReadonlyMap<string | undefined, Span[]> {
  const known = new Set(trace.spans.map((span) => span.spanId));
  const children = new Map<string | undefined, Span[]>();
  for (const span of trace.spans) {
    const parent = span.parentSpanId !== undefined && known.has(span.parentSpanId) ? span.parentSpanId : undefined;
    const list = children.get(parent);
    if (list === undefined) children.set(parent, [span]);
    else list.push(span);
  }
  return children;
}

/** Siblings, those of one name together, and the short ones as one rest at the end. */
function families(spans: readonly Span[], place: Pick<Pending, 'depth' | 'prefix'>, { isAll, leastNs }: RowOptions): Pending[] {
  if (isAll) return spans.map((span) => ({ spans: [span], ...place }));
  const byName = new Map<string, Span[]>();
  for (const span of spans) {
    const family = byName.get(span.name);
    if (family === undefined) byName.set(span.name, [span]);
    else family.push(span);
  }
  const all = [...byName.values()].map((family) => ({ family, ns: covered(family) })).sort((a, b) => compareNs(b.ns, a.ns));
  const shown: Pending[] = [];
  const small: Span[] = [];
  let leftNs = covered(spans);
  for (const { family, ns } of all) {
    // small ones that weigh much together are shown as well, the largest first, until the rest is small as a whole
    const isSmall =
      ns < leastNs && (leftNs < leastNs || shown.length >= mostUnfolded) && !family.some((span) => span.status === 'error');
    leftNs -= ns;
    if (isSmall) small.push(...family);
    else if (family.length < sharedFrom) shown.push(...family.map((span) => ({ spans: [span], ...place })));
    else shown.push({ spans: family, ...place });
  }
  shown.sort((a, b) => ((a.spans[0] as Span).startNs < (b.spans[0] as Span).startNs ? -1 : 1));
  if (small.length === 1) return [...shown, { spans: small, ...place }].sort((a, b) => (startOf(a) < startOf(b) ? -1 : 1));
  return small.length === 0 ? shown : [...shown, { spans: small, ...place, rest: true }];
}

function startOf({ spans }: Pending): Ns {
  return spans[0]?.startNs ?? 0n;
}

function rowOf({ spans, depth, prefix, rest }: Pending, children: ReadonlyMap<string | undefined, Span[]>): TreeRow {
  const first = spans[0] as Span;
  const parts = union(spans.map(intervalOf));
  const durationNs = spans.length === 1 ? first.durationNs : lengthNs(parts);
  const short = shortName(first, prefix);
  const label = rest ? `… ${spans.length} more` : spans.length > 1 ? `${short} ×${spans.length}` : short;
  const isFrame = spans.some((span) => span.isWait || children.has(span.spanId));
  return {
    depth,
    label,
    service: rest || first.name === unexplainedName ? null : first.service,
    layer: rest || first.name === unexplainedName ? '' : layerOf(first),
    startNs: first.startNs,
    durationNs,
    parts,
    kind: rest ? 'rest' : kindOf(first.name, isFrame),
    isFailed: spans.some((span) => span.status === 'error'),
  };
}

/**
 * `criu.dump.memory` below `criu.dump.task` is `memory`: the words that both begin with are not said again, nor is the layer, which has
 * a column of its own (but for its top, `criu.dump`).
 */
function shortName({ name, service }: Span, above: string): string {
  if (name.includes(' ')) return name.replace(/^docker\.api /, '');
  const [words, known] = [name.split('.'), above.split('.')];
  const same = words.findIndex((word, index) => word !== known[index]);
  return words.slice(same === 0 && words.length > 2 && words[0] === service ? 1 : Math.max(same, 0)).join('.');
}

/** Our own steps are named after the host that they act on. */
function layerOf(span: Span): string {
  const host = span.service === 'transship' ? span.attributes['migration.host'] : span.host;
  return typeof host === 'string' ? `${span.service} ${host}` : span.service;
}

function kindOf(name: string, isFrame: boolean): TreeRow['kind'] {
  if (name === unexplainedName) return 'unexplained';
  if (name === downtimeName) return 'downtime';
  return isFrame ? 'frame' : 'work';
}

function covered(spans: readonly Span[]): Ns {
  return lengthNs(union(spans.map(intervalOf)));
}

function intervalOf({ startNs, durationNs }: Span): Interval {
  return { startNs, endNs: startNs + durationNs };
}

/** `61.2 ms`, and nothing for a moment. */
export function lengthText(ns: Ns): string {
  return ns === 0n ? '0' : formatNs(ns);
}
