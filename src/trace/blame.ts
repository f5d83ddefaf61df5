import type { PathPart } from './critical-path.ts';
import { compareNs } from './intervals.ts';
import type { Trace } from './span.ts';
import type { Ns } from './time.ts';
import { unexplainedName } from './trace-leaves.ts';
import { extentOf } from './work-tree.ts';

/** Who had the time of the critical path: the sum of either table is the downtime, to the nanosecond. */
export interface Blame {
  readonly wholeNs: Ns;
  /** Of the run, in order of time; `between` for what lies in none. */
  readonly phases: readonly string[];
  /** A service, or `unexplained`; the largest first. */
  readonly layers: readonly { readonly layer: string; readonly byPhase: ReadonlyMap<string, Ns>; readonly sumNs: Ns }[];
  readonly operations: readonly { readonly name: string; readonly layer: string; readonly sumNs: Ns }[];
}

const between = 'between';

export function blame(trace: Pick<Trace, 'spans'>, path: readonly PathPart[]): Blame {
  const phases = phaseSpans(trace);
  const pieces = path.flatMap((part) => cutByPhase(part, phases));
  const layers = new Map<string, Map<string, Ns>>();
  const operations = new Map<string, { name: string; layer: string; sumNs: Ns }>();
  for (const { layer, name, phase, ns } of pieces) {
    const byPhase = layers.get(layer) ?? new Map<string, Ns>();
    layers.set(layer, byPhase.set(phase, (byPhase.get(phase) ?? 0n) + ns));
    const key = `${layer} ${name}`;
    operations.set(key, { name, layer, sumNs: (operations.get(key)?.sumNs ?? 0n) + ns });
  }
  return {
    wholeNs: sum(pieces.map(({ ns }) => ns)),
    phases: [...new Set(pieces.map(({ phase }) => phase))],
    layers: [...layers].map(([layer, byPhase]) => ({ layer, byPhase, sumNs: sum([...byPhase.values()]) })).sort(largestFirst),
    operations: [...operations.values()].sort(largestFirst),
  };
}

interface Piece {
  readonly layer: string;
  readonly name: string;
  readonly phase: string;
  readonly ns: Ns;
}

/** The run's phases, by the controller's clock; a rollback is one. */
function phaseSpans({
  spans,
}: Pick<Trace, 'spans'>): readonly { readonly phase: string; readonly startNs: Ns; readonly endNs: Ns }[] {
  return spans
    .filter(({ service, name }) => service === 'transship' && /^migration\.[\w-]+$/.test(name))
    .map((span) => ({ phase: span.name.replace('migration.', ''), ...extentOf(span) }));
}

function cutByPhase({ span, startNs, endNs }: PathPart, phases: ReturnType<typeof phaseSpans>): readonly Piece[] {
  const inside = phases.flatMap((phase) => [phase.startNs, phase.endNs]).filter((ns) => startNs < ns && ns < endNs);
  const borders = [startNs, ...[...new Set(inside)].sort(compareNs), endNs];
  const layer = span.name === unexplainedName ? unexplainedName : span.service;
  return borders.slice(1).map((toNs, index) => {
    const fromNs = borders[index] as Ns;
    const phase = phases.findLast((one) => one.startNs <= fromNs && toNs <= one.endNs)?.phase ?? between;
    return { layer, name: span.name, phase, ns: toNs - fromNs };
  });
}

function sum(lengths: readonly Ns[]): Ns {
  return lengths.reduce((total, ns) => total + ns, 0n);
}

function largestFirst(a: { readonly sumNs: Ns }, b: { readonly sumNs: Ns }): number {
  return compareNs(b.sumNs, a.sumNs);
}
