import type { AlignedSpan } from './aligned-span.ts';
import { type Leaf, unexplainedParts } from './explained.ts';
import { type Interval, lengthNs } from './intervals.ts';
import type { Span, Trace } from './span.ts';
import { nsToUs } from './time.ts';

/** The spans that explain: without children, and naming one thing that happened rather than a wait. */
export function leavesOf(spans: readonly AlignedSpan[], parents: readonly (number | undefined)[]): readonly Leaf[] {
  const withChildren = new Set(parents.filter((_, index) => !spans[index]?.span.isDetail));
  return spans.flatMap(({ span, startNs, endNs, group, host, boundNs, clockBoundNs }, index) =>
    span.isWait === true || withChildren.has(index)
      ? []
      : { name: span.name, startNs, endNs, evidence: span.evidence, group, host, boundNs, clockBoundNs },
  );
}

/** Names of the spans that the trace itself adds; they say that nothing is known, and explain nothing. */
export const unexplainedName = 'unexplained';
export const downtimeName = 'downtime';

/** What looks on from outside: a probe's gap and the downtime lie across the work, and are none of it. */
export function isOnlooker({ name }: { readonly name: string }): boolean {
  return name === downtimeName || name.startsWith('probe.');
}

/** The explaining leaves of a finished trace. */
export function explainingSpans(trace: Pick<Trace, 'spans'>): readonly Span[] {
  const withChildren = new Set(
    trace.spans.flatMap((span) => (span.name === unexplainedName || span.isDetail ? [] : (span.parentSpanId ?? []))),
  );
  return trace.spans.filter(
    (span) => !span.isWait && !withChildren.has(span.spanId) && span.name !== unexplainedName && span.name !== downtimeName,
  );
}

/**
 * The share of a window (0..1) that the leaves of one service cover: how well CRIU's own time is explained, say. What CRIU has others do
 * meanwhile (notifications) is explained by them.
 * Window and leaves share their clock, so that its uncertainty plays no part.
 */
export function explainedOf(trace: Trace, window: Interval, service: string): number {
  const leaves = explainingSpans(trace)
    .filter((span) => span.service === service || span.name.startsWith('runc.notify.'))
    .map((span) => ({
      startNs: span.startNs,
      endNs: span.startNs + span.durationNs,
      evidence: span.evidence,
      ...{ name: span.name, group: 0, host: span.host, boundNs: 0n, clockBoundNs: 0n },
    }));
  const wholeUs = nsToUs(window.endNs - window.startNs);
  return wholeUs <= 0 ? 0 : 1 - nsToUs(lengthNs(unexplainedParts(window, leaves))) / wholeUs;
}
