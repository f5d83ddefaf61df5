import type { LayerSpan, LayerSpans } from '../../trace/layer-spans.ts';
import { fileTickNs } from '../../trace/time.ts';

/** What dockerd's log tells of a request that dockerd's own span of it tells as well, and better: both its ends were seen. */
const sameRequests: readonly { readonly log: string; readonly own: RegExp }[] = [
  { log: 'dockerd.pause', own: /\/pause$/ },
  { log: 'dockerd.checkpoint', own: /\/checkpoints$/ },
  { log: 'dockerd.start', own: /\/start$/ },
];

/**
 * Puts what only the log knows under the daemon's own span of the request, and leaves out what that one's tree knows by itself. Both are of
 * one daemon's clock.
 */
export function underNative(fromLog: readonly LayerSpans[], native: readonly LayerSpans[]): LayerSpans[] {
  return fromLog.flatMap((layer) => {
    const known = native.filter(({ host }) => host === layer.host).flatMap(({ spans }) => spans);
    const moved = new Map<string, LayerSpan>();
    for (const span of layer.spans) {
      const same = sameRequests.find(({ log }) => log === span.name);
      const better = same
        ? known.find((one) => same.own.test(one.name) && isAround(one, span))
        : known.find((one) => one.name === span.name && overlaps(one, span));
      if (better) moved.set(span.key, better);
    }
    const rest = layer.spans.filter((span) => !moved.has(span.key));
    const spans = rest.map((span) => {
      const parent = span.parentKey === undefined ? undefined : moved.get(span.parentKey);
      const ended = untilBegin(span, [...moved.values()]);
      return parent === undefined
        ? ended
        : within(parent, { ...ended, parentKey: undefined, parentSpanId: parent.spanId as string });
    });
    const kept = spans.filter(({ startNs, endNs }) => startNs < endNs);
    return kept.length === 0 ? [] : { ...layer, spans: kept };
  });
}

/** What ends because the next thing began, and by the time of a file, ends when the daemon's own span of that thing begins. */
function untilBegin(span: LayerSpan, better: readonly LayerSpan[]): LayerSpan {
  if (span.evidence !== 'until-next') return span;
  const next = better.find(({ startNs }) => span.endNs < startNs && startNs <= span.endNs + fileTickNs);
  return next === undefined ? span : { ...span, endNs: next.startNs };
}

/** Of the two it is the daemon's span that knows its ends. */
function within(parent: LayerSpan, span: LayerSpan): LayerSpan {
  const startNs = span.startNs > parent.startNs ? span.startNs : parent.startNs;
  const endNs = span.endNs < parent.endNs ? span.endNs : parent.endNs;
  return { ...span, startNs, endNs: endNs > startNs ? endNs : startNs };
}

/** The log announces a request just after the span of it began (moby api/server/middleware). */
function isAround({ startNs, endNs }: LayerSpan, line: LayerSpan): boolean {
  return startNs <= line.startNs && line.startNs <= endNs;
}

function overlaps(a: LayerSpan, b: LayerSpan): boolean {
  return a.startNs < b.endNs && b.startNs < a.endNs;
}
