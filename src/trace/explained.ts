import { clip, gaps, type Interval, lengthNs, union } from './intervals.ts';
import type { EvidenceKind } from './layer-spans.ts';
import type { Explained } from './span.ts';
import type { Ns } from './time.ts';

/** A leaf that names one thing happening. */
export interface Leaf extends Interval {
  readonly evidence: EvidenceKind;
  /** Leaves of one group share a clock and its error. */
  readonly group: number;
  readonly boundNs: Ns;
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

/** The parts of a window that no leaf explains. */
export function unexplainedParts(window: Interval, leaves: readonly Leaf[]): readonly Interval[] {
  return gaps(window, union(leaves));
}

/**
 * Takes the uncertainty of their clock off the leaves. A whole group is early or late together, so that borders within it
 * are sure (to one another), and only its two outer borders are drawn in by the bound.
 *
 *   group       ├──┤├───┤ ├────┤
 *   counted       ├┤├───┤ ├──┤
 */
export function withoutUncertainty(leaves: readonly Leaf[]): readonly Leaf[] {
  const outer = new Map<number, Interval>();
  for (const leaf of leaves) {
    const seen = outer.get(leaf.group) ?? leaf;
    outer.set(leaf.group, {
      startNs: leaf.startNs < seen.startNs ? leaf.startNs : seen.startNs,
      endNs: leaf.endNs > seen.endNs ? leaf.endNs : seen.endNs,
    });
  }
  return leaves.flatMap((leaf) => {
    const { startNs, endNs } = outer.get(leaf.group) as Interval;
    const [part] = clip([leaf], { startNs: startNs + leaf.boundNs, endNs: endNs - leaf.boundNs });
    return part === undefined ? [] : { ...leaf, ...part };
  });
}
