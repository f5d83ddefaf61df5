import { clip, gaps, type Interval, lengthNs, union } from './intervals.ts';
import type { EvidenceKind } from './layer-spans.ts';
import type { Explained } from './span.ts';
import type { Ns } from './time.ts';

/** A leaf that names one thing happening. */
export interface Leaf extends Interval {
  readonly name: string;
  readonly evidence: EvidenceKind;
  /** Leaves of one group share an anchor and its error, those of one host its clock and that one's. */
  readonly group: number;
  readonly host: string;
  /** Of both together. */
  readonly boundNs: Ns;
  readonly clockBoundNs: Ns;
  /** What has been taken off it. */
  readonly cuts?: Cuts;
}

/** By how much a border was drawn in because it is uncertain. */
export interface Cuts {
  readonly startNs: Ns;
  readonly endNs: Ns;
}

/**
 * The shares of a window that leaves cover, by how they are known. Where kinds overlap the surest counts
 * (bounded, until-next, inferred), and no moment counts twice.
 *
 *   window     ├──────────────────────┤
 *   bounded       ├─────┤                       counts whole
 *   until-next        ├─────┤                   counts where bounded does not
 */
export function explainedShares(window: Interval, leaves: readonly Leaf[]): Explained {
  const wholeNs = window.endNs - window.startNs;
  const share = (ns: Ns) => (wholeNs <= 0n ? 0 : Number((ns * 1_000_000_000n) / wholeNs) / 1e9);
  const upTo = (kinds: readonly EvidenceKind[]) =>
    lengthNs(clip(union(leaves.filter((leaf) => kinds.includes(leaf.evidence))), window));
  const bounded = upTo(['bounded']);
  const untilNext = upTo(['bounded', 'until-next']);
  const all = upTo(['bounded', 'until-next', 'inferred']);
  return { bounded: share(bounded), untilNext: share(untilNext - bounded), inferred: share(all - untilNext) };
}

/** What the leaves cover of the window, at the worst that its ends may be: each earlier or later by its bound. */
export function explainedAtLeast(
  { startNs, endNs, boundsNs: [ofStart, ofEnd] }: Interval & { readonly boundsNs: readonly [Ns, Ns] },
  leaves: readonly Leaf[],
): number {
  const covered = union(leaves);
  const shares = [startNs - ofStart, startNs, startNs + ofStart].flatMap((from) =>
    [endNs - ofEnd, endNs, endNs + ofEnd].flatMap((to) => {
      const window = { startNs: from, endNs: to };
      return from < to ? Number((lengthNs(clip(covered, window)) * 1_000_000_000n) / (to - from)) / 1e9 : [];
    }),
  );
  return Math.min(...shares);
}

/** The parts of a window that no leaf explains. */
export function unexplainedParts(window: Interval, leaves: readonly Leaf[]): readonly Interval[] {
  return gaps(window, union(leaves));
}

/** What is uncertain of a stretch: its log's place among others of the host, and the host's among others. */
export interface Uncertain extends Interval {
  readonly group: number;
  readonly host: string;
  readonly boundNs: Ns;
  readonly clockBoundNs: Ns;
  readonly cuts?: Cuts;
}

/**
 * Takes the uncertainty of their clocks off the leaves. A whole group is early or late together, so that borders within it
 * are sure (to one another), and only its two outer borders are drawn in by the bound; so it is with all that one host's clock dates.
 *
 *   group       ├──┤├───┤ ├────┤
 *   counted       ├┤├───┤ ├──┤
 */
export function withoutUncertainty<T extends Uncertain>(
  leaves: readonly T[],
  among: readonly Uncertain[] = leaves,
): readonly T[] {
  const ofLog: Border = { keyOf: ({ group }) => group, boundOf: ({ boundNs, clockBoundNs }) => boundNs - clockBoundNs };
  const ofHost: Border = { keyOf: ({ host }) => host, boundOf: ({ clockBoundNs }) => clockBoundNs };
  return drawnIn(drawnIn(leaves, among, ofLog), among, ofHost);
}

interface Border {
  readonly keyOf: (each: Uncertain) => number | string;
  readonly boundOf: (each: Uncertain) => Ns;
}

function drawnIn<T extends Uncertain>(
  parts: readonly T[],
  among: readonly Uncertain[],
  { keyOf, boundOf }: Border,
): readonly T[] {
  const outer = new Map<number | string, Interval>();
  for (const each of among) {
    const seen = outer.get(keyOf(each)) ?? each;
    outer.set(keyOf(each), {
      startNs: each.startNs < seen.startNs ? each.startNs : seen.startNs,
      endNs: each.endNs > seen.endNs ? each.endNs : seen.endNs,
    });
  }
  return parts.flatMap((each) => {
    const { startNs, endNs } = outer.get(keyOf(each)) as Interval;
    const boundNs = boundOf(each);
    const [part] = clip([each], { startNs: startNs + boundNs, endNs: endNs - boundNs });
    if (part === undefined) return [];
    const cuts = {
      startNs: (each.cuts?.startNs ?? 0n) + (part.startNs > each.startNs ? boundNs : 0n),
      endNs: (each.cuts?.endNs ?? 0n) + (part.endNs < each.endNs ? boundNs : 0n),
    };
    return { ...each, ...part, cuts };
  });
}
