import { createHash } from 'node:crypto';
import type { AlignedSpan } from './aligned-span.ts';
import { type Leaf, unexplainedParts } from './explained.ts';
import { edge, type GapRule, gapRules } from './gap-rules.ts';
import { inferenceRules, inferredBy } from './inference-rules.ts';
import { clip, type Interval } from './intervals.ts';
import { type Ns, nsPerMs } from './time.ts';
import { isOnlooker } from './trace-leaves.ts';
import { depthsOf } from './tree-depth.ts';
import { type Holder, holdersOf, placeUnexplained, type UnexplainedPart } from './unexplained.ts';

export interface GapInput {
  readonly traceId: string;
  readonly spans: readonly AlignedSpan[];
  readonly parents: readonly (number | undefined)[];
  /** Without what is uncertain of them. */
  readonly leaves: readonly Leaf[];
  readonly window: Interval;
}

/** Spans for gaps, to be put after the others; each explains as a leaf does. */
export interface FilledGaps {
  readonly spans: readonly AlignedSpan[];
  readonly parents: readonly (number | undefined)[];
  readonly leaves: readonly Leaf[];
}

/**
 * Names the stretches of the window in which nobody speaks and of which a rule knows what happens. A border that is uncertain is left out of
 * them on both sides: it counts for neither.
 *
 *   source.cut-link ├──┤                    a, sure
 *   criu.dump.init            ╌├────┤       a log, ± bound
 *   criu.dump.exec      ├────┤
 */
export function fillGaps(input: GapInput): FilledGaps {
  const { spans, parents, leaves, window } = input;
  const withChildren = new Set(parents);
  const isHolder = (index: number) => {
    const { span } = spans[index] as AlignedSpan;
    // a quick question of a step that looks on holds nothing
    const isQuestion = span.name.startsWith('shell ') && !withChildren.has(index);
    return !isOnlooker(span) && !isQuestion && (span.isWait === true || withChildren.has(index));
  };
  const holders = holdersOf(spans, isHolder, depthsOf(parents));
  const near = neighboursOf(input, holders);
  const found = placeUnexplained(unexplainedParts(window, leaves), holders).flatMap((part, index) =>
    filled(part, { input, near, index }),
  );
  return {
    spans: found.map(({ span }) => span),
    parents: found.map(({ parent }) => parent),
    leaves: found.map(({ span }) => ({ ...span, name: span.span.name, evidence: span.span.evidence })),
  };
}

interface Neighbour {
  readonly name: string;
  /** What was taken off its border. */
  readonly cutNs: Ns;
}

interface Neighbours {
  readonly endingAt: ReadonlyMap<Ns, Neighbour>;
  readonly beginningAt: ReadonlyMap<Ns, Neighbour>;
  readonly holders: ReadonlyMap<number, Holder>;
}

/** What ends and begins where: leaves before those that hold others. */
function neighboursOf({ spans, leaves }: GapInput, holders: readonly Holder[]): Neighbours {
  const named = [...holders.map((holder) => ({ ...holder, name: spans[holder.index]?.span.name ?? '' })), ...leaves];
  return {
    endingAt: new Map(named.map(({ name, endNs, cuts }) => [endNs, { name, cutNs: cuts?.endNs ?? 0n }])),
    beginningAt: new Map(named.map(({ name, startNs, cuts }) => [startNs, { name, cutNs: cuts?.startNs ?? 0n }])),
    holders: new Map(holders.map((holder) => [holder.index, holder])),
  };
}

/** The borders of the stretch: those of its own holder, where it is its first or its last. */
function bordersOf(part: UnexplainedPart, near: Neighbours): readonly [Neighbour | undefined, Neighbour | undefined] {
  const holder = part.holder === undefined ? undefined : near.holders.get(part.holder);
  const [begin, end] = [
    { name: edge.begin, cutNs: holder?.cuts?.startNs ?? 0n },
    { name: edge.end, cutNs: holder?.cuts?.endNs ?? 0n },
  ];
  return [
    holder?.startNs === part.startNs ? begin : near.endingAt.get(part.startNs),
    holder?.endNs === part.endNs ? end : near.beginningAt.get(part.endNs),
  ];
}

interface Place {
  readonly input: GapInput;
  readonly near: Neighbours;
  readonly index: number;
}

function filled(part: UnexplainedPart, { input, near, index }: Place): readonly { span: AlignedSpan; parent: number }[] {
  const { spans, traceId } = input;
  const holder = part.holder === undefined ? undefined : spans[part.holder];
  const [before, after] = bordersOf(part, near);
  const lengthNs = part.endNs - part.startNs;
  const rule = gapRules.find(
    (each) =>
      (each.under === undefined || (holder !== undefined && each.under.test(holder.span.name))) &&
      (each.isInside === undefined || holder?.isInside === true) &&
      (each.after === undefined || each.after.test(before?.name ?? '')) &&
      (each.before === undefined || each.before.test(after?.name ?? '')) &&
      (each.during === undefined || isUnderWay(each.during, part, spans)) &&
      (each.notDuring === undefined || latestIn(each.notDuring, part, spans) === undefined) &&
      !(each.isPart && before?.name === edge.begin && after?.name === edge.end) &&
      (each.upToMs === undefined || lengthNs <= BigInt(each.upToMs) * nsPerMs),
  );
  if (rule === undefined) return [];
  const parent = parentOf(rule, part, spans) ?? part.holder;
  if (parent === undefined) return [];
  const told = { startNs: part.startNs + 2n * (before?.cutNs ?? 0n), endNs: part.endNs - 2n * (after?.cutNs ?? 0n) };
  // what is left of the stretch when its parent has ended is not the parent's
  const { startNs, endNs } = clip([told], spans[parent] as AlignedSpan)[0] ?? { startNs: 0n, endNs: 0n };
  if (endNs <= startNs) return [];
  return [
    {
      parent,
      span: gapSpan({
        rule,
        parent: spans[parent] as AlignedSpan,
        key: `${traceId}\0gap\0${rule.name}\0${index}`,
        startNs,
        endNs,
      }),
    },
  ];
}

function isUnderWay(name: RegExp, { startNs, endNs }: Interval, spans: readonly AlignedSpan[]): boolean {
  return spans.some((each) => each.startNs <= startNs && endNs <= each.endNs && name.test(each.span.name));
}

/** The latest of that name that is under way in the stretch. */
function parentOf({ parent }: GapRule, { startNs, endNs }: Interval, spans: readonly AlignedSpan[]): number | undefined {
  if (parent === undefined) return undefined;
  return latestIn(parent, { startNs, endNs }, spans);
}

function latestIn(name: RegExp, { startNs, endNs }: Interval, spans: readonly AlignedSpan[]): number | undefined {
  const found = spans.findLastIndex((each) => each.startNs < endNs && startNs < each.endNs && name.test(each.span.name));
  return found < 0 ? undefined : found;
}

interface NewGap extends Interval {
  readonly rule: GapRule;
  readonly parent: AlignedSpan;
  readonly key: string;
}

function gapSpan({ rule, parent, key, startNs, endNs }: NewGap): AlignedSpan {
  const service = rule.service ?? parent.service;
  // what a host does while the controller waits for it is done there
  const there = service === 'transship' ? undefined : parent.span.attributes['migration.host'];
  return {
    span: {
      ...{ key, parentKey: undefined, name: rule.name, startNs, endNs, evidence: rule.evidence, events: [] },
      attributes: { 'code.function.name': inferenceRules[rule.why].source, ...inferredBy(rule.why) },
    },
    service,
    host: typeof there === 'string' ? there : parent.host,
    role: parent.role,
    isController: parent.isController && there === undefined,
    // of no group: what is uncertain of its borders is left out already
    ...{ group: -1, startNs, endNs, boundNs: 0n, clockBoundNs: 0n, isInside: false },
    spanId: createHash('sha256').update(key).digest('hex').slice(0, 16),
  };
}
