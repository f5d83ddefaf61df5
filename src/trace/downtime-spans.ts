import { createHash } from 'node:crypto';
import type { AlignedSpan } from './aligned-span.ts';
import type { DowntimeWindow } from './downtime-window.ts';
import { type Leaf, unexplainedParts } from './explained.ts';
import type { Span } from './span.ts';
import { nsToUs } from './time.ts';
import { downtimeName, isOnlooker, unexplainedName } from './trace-leaves.ts';
import { depthsOf } from './tree-depth.ts';
import { holdersOf, placeUnexplained } from './unexplained.ts';

export interface DowntimeInput {
  readonly traceId: string;
  readonly spans: readonly AlignedSpan[];
  readonly parents: readonly (number | undefined)[];
  readonly window: DowntimeWindow;
  readonly leaves: readonly Leaf[];
}

/** The span `downtime`, and an `unexplained` span for each stretch of it that no leaf names. */
export function downtimeSpans(input: DowntimeInput): readonly Span[] {
  const { traceId, spans, parents, window, leaves } = input;
  const top = spans.find((span, index) => parents[index] === undefined && span.service === 'transship');
  const downtime: Span = {
    ...addedSpan(traceId, downtimeName),
    host: top?.host ?? 'controller',
    parentSpanId: top?.spanId,
    startNs: window.startNs,
    durationNs: window.endNs - window.startNs,
    attributes: {
      'migration.evidence': 'bounded',
      'migration.clock.uncertainty_us': nsToUs(window.boundNs),
      'migration.downtime.marks': window.marks,
    },
    evidence: 'bounded',
    isWait: true,
  };
  const holders = holdersOf(spans, isHolderAmong(input, top), depthsOf(parents));
  const parts = placeUnexplained(unexplainedParts(window, leaves), holders).map((part, index): Span => {
    const holder = part.holder === undefined ? undefined : spans[part.holder];
    return {
      ...addedSpan(traceId, unexplainedName, index),
      host: holder?.host ?? downtime.host,
      parentSpanId: holder?.spanId ?? downtime.spanId,
      startNs: part.startNs,
      durationNs: part.endNs - part.startNs,
      attributes: { 'migration.evidence': 'inferred', ...(holder?.role === undefined ? {} : { 'migration.role': holder.role }) },
      isWait: true,
    };
  });
  return [downtime, ...parts];
}

/** Spans that have children or wait, but for the run as a whole and the probes, which look on from outside. */
function isHolderAmong({ spans, parents }: DowntimeInput, top: AlignedSpan | undefined): (index: number) => boolean {
  const withChildren = new Set(parents);
  return (index) => {
    const aligned = spans[index] as AlignedSpan;
    if (aligned === top || isOnlooker(aligned.span)) return false;
    return aligned.span.isWait === true || withChildren.has(index);
  };
}

type Added = Pick<Span, 'traceId' | 'spanId' | 'service' | 'name' | 'status' | 'events' | 'links' | 'evidence'>;

function addedSpan(traceId: string, name: typeof downtimeName | typeof unexplainedName, index = 0): Added {
  const spanId = createHash('sha256').update(`${traceId}\0added\0${name}\0${index}`).digest('hex').slice(0, 16);
  return { traceId, spanId, service: 'transship', name, status: 'unset', events: [], links: [], evidence: 'inferred' };
}
