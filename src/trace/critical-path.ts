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
 * each span is followed into the child whose named work ended last, as far back as that goes without a break. So work that ended earlier beside it
 * was not waited for, and a call that only waits (the `docker start` of a warm destination) never is while others work.
 *
 *   start      ├─────────────── waits ────────────────┤
 *   dump         ├───────────────┤     ├─ task 1 ┤
 *   copy files   ├──────┤              ├ task 2 ┤
 *   path         ▐    dump       ▐start▐ task 1  ▐
 *
 * What is unexplained is so here, too: the stretches are those of the trace. Where there is no downtime (an import), each root has a path of
 * its own: nothing is known of what lies between two logs.
 */
export function criticalPath(trace: Pick<Trace, 'spans' | 'downtime'>): readonly PathPart[] {
  const nodes = workTree(trace.spans);
  const roots = nodes.filter(({ parent }) => parent === undefined);
  const explaining = explainingSpans(trace);
  const known = {
    work: workOf(nodes, new Set(explaining.filter((span) => !isServing(span)))),
    isExplaining: new Set(explaining),
    serving: explaining.filter(isServing).map(toPart),
    unexplained: trace.spans.filter((span) => span.name === unexplainedName).map(toPart),
  };
  if (trace.downtime !== null) return pathIn(trace.downtime, roots, known);
  return roots.flatMap((root) => pathIn(extentOf(root.span), [root], known));
}

/** What serves pages works as long as others want them, beside them: nobody waits for its end. */
function isServing({ service, name }: Span): boolean {
  return service === 'criu-page-server' || service === 'criu-lazy-pages' || name.startsWith('criu.dump.lazy-pages');
}

interface Known {
  readonly work: Work;
  readonly isExplaining: ReadonlySet<Span>;
  readonly serving: readonly PathPart[];
  readonly unexplained: readonly PathPart[];
}

function pathIn(window: Interval, roots: readonly WorkNode[], known: Known): readonly PathPart[] {
  const parts = walk(window, roots, known.work).flatMap((part) => {
    const dark = lay(part, known.unexplained);
    return [...dark, ...gaps(part, union(dark)).flatMap((lit) => named({ ...lit, span: part.span }, known))];
  });
  return merged(parts, (a, b) => a.span === b.span);
}

/** Where nobody else did anything, it was a server that did. */
function named(part: PathPart, { isExplaining, serving }: Known): readonly PathPart[] {
  if (isExplaining.has(part.span)) return [part];
  const served = lay(part, serving);
  return [...served, ...gaps(part, union(served)).map((rest) => ({ ...rest, span: part.span }))];
}

/** When a span or anything below it did named work, so that its parts need not be looked through again and again. */
type Work = ReadonlyMap<WorkNode, readonly Interval[]>;

function workOf(nodes: readonly WorkNode[], explaining: ReadonlySet<Span>): Work {
  const below = new Map<WorkNode, Interval[]>(nodes.map((node) => [node, []]));
  for (const leaf of nodes) {
    if (!explaining.has(leaf.span)) continue;
    const seen = new Set<WorkNode>();
    for (let at: WorkNode | undefined = leaf; at !== undefined && !seen.has(at); at = at.parent) {
      seen.add(at);
      below.get(at)?.push(extentOf(leaf.span));
    }
  }
  return new Map([...below].map(([node, work]) => [node, union(work)]));
}

interface Open extends Interval {
  readonly node: WorkNode;
}

/** The tree, each moment of the window with the innermost span on the way; loops, so that depth is no limit. */
function walk(window: Interval, roots: readonly WorkNode[], work: Work): readonly PathPart[] {
  const open: Open[] = [...split(window, roots, work)];
  const parts: PathPart[] = [];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const below = split(next, next.node.children, work);
    open.push(...below);
    const { span } = next.node;
    parts.push(...gaps(next, union(below)).map((rest) => ({ ...rest, span })));
  }
  return parts;
}

/** Named work first; what it leaves goes to spans that hold others, then to calls that wait, and the rest is nobody's. */
function split(window: Interval, nodes: readonly WorkNode[], work: Work): readonly Open[] {
  const extents = nodes.map((node): Open => ({ node, ...extentOf(node.span) }));
  const holders = extents.filter(({ node }) => !node.span.isWait);
  const waiting = extents.filter(({ node }) => node.span.isWait);
  const named = lay(
    window,
    nodes.flatMap((node) => (work.get(node) ?? []).map((stretch): Open => ({ node, ...stretch }))),
  );
  const held = gaps(window, union(named)).flatMap((gap) => lay(gap, holders));
  const waited = gaps(window, union([...named, ...held])).flatMap((gap) => lay(gap, waiting));
  return merged([...named, ...held, ...waited], (a, b) => a.node === b.node);
}

/** Lays stretches into a window from its end on: the one that ended last, then from its begin on the one that ended last before. */
function lay<T extends Interval>(window: Interval, stretches: readonly T[]): readonly T[] {
  const near = stretches.filter(({ startNs, endNs }) => startNs < window.endNs && endNs > window.startNs);
  near.sort((a, b) => compareNs(b.endNs, a.endNs) || compareNs(a.startNs, b.startNs));
  const parts: T[] = [];
  let atNs = window.endNs;
  for (const stretch of near) {
    const [part] = clip([stretch], { startNs: window.startNs, endNs: atNs });
    if (part === undefined) continue;
    parts.push({ ...stretch, ...part });
    atNs = part.startNs;
  }
  return parts;
}

function toPart(span: Span): PathPart {
  return { span, ...extentOf(span) };
}

/** In order of time; pieces of one thing that follow one another are one. */
function merged<T extends Interval>(parts: readonly T[], isSame: (a: T, b: T) => boolean): readonly T[] {
  const inOrder = [...parts].sort((a, b) => compareNs(a.startNs, b.startNs));
  const whole: T[] = [];
  for (const part of inOrder) {
    const last = whole.at(-1);
    if (last !== undefined && last.endNs === part.startNs && isSame(last, part))
      whole[whole.length - 1] = { ...last, endNs: part.endNs };
    else whole.push(part);
  }
  return whole;
}
