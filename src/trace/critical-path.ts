import { clip, compareNs, gaps, type Interval, union } from './intervals.ts';
import type { Span, Trace } from './span.ts';
import { explainingSpans, unexplainedName } from './trace-leaves.ts';
import { extentOf, type WorkNode, workTree } from './work-tree.ts';

/** A stretch of the critical path, and the span that had it. */
export interface PathPart extends Interval {
  readonly span: Span;
}

/**
 * What the end of the downtime was waiting for, moment by moment: the parts follow one another, and none of them overlap. From the end backwards
 * each span is followed into the child that ended last; a call that was merely waited for gives way to work beside it.
 *
 *   checkpoint ├────────────────┤├── restore ──┤
 *   dump         ├───────────┤     ├─ task 1 ┤       task 2 was not waited for
 *   start      ├──────── waits ────────────────┤     ├task 2┤
 *   path       ▐c▐   dump    ▐c ▐r ▐ task 1  ▐r▐
 *
 * What is unexplained is so here, too: the stretches are those of the trace. Where there is no downtime (an import), each root has a path of
 * its own: nothing is known of what lies between two logs.
 */
export function criticalPath(trace: Pick<Trace, 'spans' | 'downtime'>): readonly PathPart[] {
  const nodes = workTree(trace.spans);
  const roots = nodes.flatMap(({ span, parent }) => (parent === undefined ? span : []));
  const explaining = explainingSpans(trace);
  const known = {
    nodes: new Map(nodes.map((node) => [node.span, node])),
    unexplained: trace.spans.filter((span) => span.name === unexplainedName),
    explaining,
    isExplaining: new Set(explaining),
  };
  if (trace.downtime !== null) return pathIn(trace.downtime, roots, known);
  // a leaf of another log tells nothing of this one
  return roots.flatMap((root) => pathIn(extentOf(root), [root], { ...known, explaining: [] }));
}

interface Known {
  readonly nodes: ReadonlyMap<Span, WorkNode>;
  readonly unexplained: readonly Span[];
  readonly explaining: readonly Span[];
  readonly isExplaining: ReadonlySet<Span>;
}

function pathIn(window: Interval, roots: readonly Span[], known: Known): readonly PathPart[] {
  const parts = walk(window, roots, known.nodes).flatMap((part) => {
    const dark = lay(part, known.unexplained);
    const lit = gaps(part, union(dark)).flatMap((rest) => named(rest, part.span, known));
    return [...dark, ...lit];
  });
  return merged(parts);
}

/** A moment of a span that explains nothing by itself, in which some leaf elsewhere does, is the leaf's. */
function named(part: Interval, span: Span, { isExplaining, explaining }: Known): readonly PathPart[] {
  if (isExplaining.has(span)) return [{ ...part, span }];
  const leaves = lay(part, explaining);
  return [...leaves, ...gaps(part, union(leaves)).map((gap) => ({ ...gap, span }))];
}

interface Open extends Interval {
  readonly node: WorkNode;
}

/** The tree, each moment of the window with the innermost span on the way; loops, so that depth is no limit. */
function walk(window: Interval, roots: readonly Span[], nodes: ReadonlyMap<Span, WorkNode>): readonly PathPart[] {
  const toOpen = ({ span, ...part }: PathPart): Open => ({ ...part, node: nodes.get(span) as WorkNode });
  const open: Open[] = split(window, roots).parts.map(toOpen);
  const parts: PathPart[] = [];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const { node } = next;
    const { parts: below, rest } = split(
      next,
      node.children.map(({ span }) => span),
    );
    open.push(...below.map(toOpen));
    parts.push(...rest.map((gap) => ({ ...gap, span: node.span })));
  }
  return parts;
}

/** Work first; calls that wait get what it leaves, and the rest is nobody's. */
function split(
  window: Interval,
  spans: readonly Span[],
): { readonly parts: readonly PathPart[]; readonly rest: readonly Interval[] } {
  const work = lay(
    window,
    spans.filter((span) => !span.isWait),
  );
  const waiting = spans.filter((span) => span.isWait);
  const parts = [...work, ...gaps(window, union(work)).flatMap((gap) => lay(gap, waiting))];
  return { parts, rest: gaps(window, union(parts)) };
}

/** Lays spans into a window from its end on: the one that ended last, then from its start on the one that ended last before. */
function lay(window: Interval, spans: readonly Span[]): readonly PathPart[] {
  const near = spans.filter((span) => span.startNs < window.endNs && extentOf(span).endNs > window.startNs);
  near.sort((a, b) => compareNs(extentOf(b).endNs, extentOf(a).endNs) || compareNs(a.startNs, b.startNs));
  const parts: PathPart[] = [];
  let atNs = window.endNs;
  for (const span of near) {
    const [part] = clip([extentOf(span)], { startNs: window.startNs, endNs: atNs });
    if (part === undefined) continue;
    parts.push({ ...part, span });
    atNs = part.startNs;
  }
  return parts;
}

/** In order of time; pieces of one span that follow one another are one. */
function merged(parts: readonly PathPart[]): readonly PathPart[] {
  const inOrder = [...parts].sort((a, b) => compareNs(a.startNs, b.startNs));
  const whole: PathPart[] = [];
  for (const part of inOrder) {
    const last = whole.at(-1);
    if (last !== undefined && last.span === part.span && last.endNs === part.startNs)
      whole[whole.length - 1] = { ...last, endNs: part.endNs };
    else whole.push(part);
  }
  return whole;
}
