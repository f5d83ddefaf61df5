import { type AlignedSpan, alignLayers, alignMeetings } from './aligned-span.ts';
import { anchorByCause } from './anchor-by-cause.ts';
import { anchorByMeeting } from './anchor-by-meeting.ts';
import { findDisorder } from './causal-order.ts';
import { type HostClock, hostClock, type OffsetReading, ownClock } from './clock-alignment.ts';
import { findInconsistencies } from './consistency.ts';
import { downtimeSpans } from './downtime-spans.ts';
import { findDowntime } from './downtime-window.ts';
import { explainedAtLeast, explainedShares, withoutUncertainty } from './explained.ts';
import { fillGaps } from './fill-gaps.ts';
import type { Interval } from './intervals.ts';
import { withIterationLinks } from './iteration-links.ts';
import type { AttributeValue, LayerSpans } from './layer-spans.ts';
import { joinLayers } from './parents.ts';
import type { Span, Trace } from './span.ts';
import { nsToUs } from './time.ts';
import { leavesOf } from './trace-leaves.ts';
import { withinCallers } from './within-callers.ts';

export interface AssembleInput {
  readonly traceId: string;
  readonly run: string;
  readonly layers: readonly LayerSpans[];
  /** Readings of the hosts' clocks; a host without any keeps its own time, and a warning says so. */
  readonly clocks: readonly (OffsetReading & { readonly host: string })[];
}

/**
 * One trace from what all layers on all hosts left: clocks aligned, layers joined, the downtime found, and what nobody
 * explains shown as spans of their own. A pure function: the same evidence gives the same trace, ids included.
 */
export function assemble({ traceId, run, layers, clocks }: AssembleInput): Trace {
  const hostClocks = readClocks(layers, clocks);
  const clockOf = (layer: LayerSpans) => hostClocks.clockOf(layer);
  const anchored = anchorByCause(alignLayers(traceId, layers, clockOf));
  const dated = anchorByMeeting(anchored, alignMeetings(layers, clockOf));
  const joined = joinLayers(dated);
  const inconsistencies = [...findInconsistencies(dated, joined.parents), ...findDisorder(dated)];
  const told = withinCallers(dated, joined.parents);
  // imported logs belong to no run of ours: between them nothing is known
  const isOurRun = layers.some((layer) => layer.role === 'controller');
  const toldLeaves = withoutUncertainty(leavesOf(told, joined.parents));
  const whole = isOurRun ? wholeRun(told, joined.parents) : null;
  const gaps = whole && fillGaps({ traceId, spans: told, parents: joined.parents, leaves: toldLeaves, window: whole });
  const spans = [...told, ...(gaps?.spans ?? [])];
  const parents = [...joined.parents, ...(gaps?.parents ?? [])];
  const leaves = [...toldLeaves, ...(gaps?.leaves ?? [])];
  const window = isOurRun ? findDowntime(told) : null;
  const plain = spans.map((span, index) =>
    toSpan(traceId, span, parents[index] === undefined ? undefined : spans[parents[index]]),
  );
  const linked = withIterationLinks(plain, isOurRun);
  const added = window === null ? [] : downtimeSpans({ traceId, spans, parents, window, leaves });
  return {
    traceId,
    run,
    spans: [...linked, ...added].sort(byStart),
    downtime: window && { startNs: window.startNs, endNs: window.endNs },
    explained: window && explainedShares(window, leaves),
    explainedAtLeast: window && explainedAtLeast(window, leaves),
    explainedRun: whole && explainedShares(whole, leaves),
    clock: clockBetween(layers, hostClocks),
    inconsistencies,
    warnings: [...joined.warnings, ...hostClocks.warnings],
  };
}

/** From the first to the last moment of the run's own span. */
function wholeRun(spans: readonly AlignedSpan[], parents: readonly (number | undefined)[]): Interval | null {
  return spans.find((span, index) => parents[index] === undefined && span.service === 'transship') ?? null;
}

interface Clocks {
  clockOf(layer: LayerSpans): HostClock;
  readonly warnings: readonly string[];
}

function readClocks(layers: readonly LayerSpans[], readings: AssembleInput['clocks']): Clocks {
  const clocks = new Map<string, HostClock>();
  const warnings: string[] = [];
  const hasController = layers.some((layer) => layer.role === 'controller');
  for (const { host, role } of layers) {
    if (role === 'controller' || clocks.has(host)) continue;
    const clock = hostClock(readings.filter((reading) => reading.host === host));
    if (clock === null && hasController) warnings.push(`${host}: its clock was never read; its times are taken as they are`);
    clocks.set(host, clock ?? ownClock);
  }
  return { clockOf: ({ role, host }) => (role === 'controller' ? ownClock : (clocks.get(host) ?? ownClock)), warnings };
}

/** The destination's clock against the source's; null unless both left something. */
function clockBetween(layers: readonly LayerSpans[], clocks: Clocks): Trace['clock'] {
  const source = layers.find((layer) => layer.role === 'source');
  const destination = layers.find((layer) => layer.role === 'destination');
  if (source === undefined || destination === undefined) return null;
  const [from, to] = [clocks.clockOf(source), clocks.clockOf(destination)];
  if (from === ownClock || to === ownClock) return null;
  return { offsetNs: to.offsetNs - from.offsetNs, boundNs: to.boundNs + from.boundNs };
}

function toSpan(traceId: string, aligned: AlignedSpan, parent: AlignedSpan | undefined): Span {
  const { span, startNs, endNs } = aligned;
  const shift = startNs - span.startNs;
  return {
    traceId,
    spanId: aligned.spanId,
    parentSpanId: parent?.spanId,
    service: aligned.service,
    host: aligned.host,
    name: span.name,
    startNs,
    // an end before the beginning is named among the inconsistencies; no format can carry it
    durationNs: endNs > startNs ? endNs - startNs : 0n,
    status: span.error === undefined ? 'unset' : 'error',
    ...(span.error === undefined ? {} : { statusMessage: span.error }),
    attributes: attributesOf(aligned),
    events: span.events.map((event) => ({ ...event, timeNs: event.timeNs + shift })),
    links: [],
    evidence: span.evidence,
    isWait: span.isWait === true,
    ...(span.isDetail ? { isDetail: true } : {}),
  };
}

function attributesOf({ span, role, boundNs, startNs, endNs }: AlignedSpan): Record<string, AttributeValue> {
  const attributes: Record<string, AttributeValue> = { ...span.attributes, 'migration.evidence': span.evidence };
  if (role !== undefined) attributes['migration.role'] = role;
  if (boundNs > 0n) attributes['migration.clock.uncertainty_us'] = nsToUs(boundNs);
  const bytes = attributes['migration.bytes'] ?? attributes['migration.detail.bytes'];
  if (typeof bytes === 'number' && bytes > 0 && endNs > startNs)
    attributes['migration.bytes_per_second'] = Math.round((bytes * 1e6) / nsToUs(endNs - startNs));
  return attributes;
}

/** Earlier first, then the longer one, so that a parent that begins with its child comes before it. */
function byStart(a: Span, b: Span): number {
  if (a.startNs !== b.startNs) return a.startNs < b.startNs ? -1 : 1;
  return a.durationNs > b.durationNs ? -1 : a.durationNs < b.durationNs ? 1 : 0;
}
