/**
 * Chrome's trace JSON, which Perfetto's page and chrome://tracing open: a process a service and host, a thread a lane.
 * Specification: "Trace Event Format", https://docs.google.com/document/d/1CvAClvFfyA5R-PhYUmn5OOQtYMH4h6I0nSsKchNAySU ;
 * slices of one thread must nest: https://perfetto.dev/docs/faq#overlapping-events
 */
import type { Attributes } from '../trace/layer-spans.ts';
import type { Span, Trace } from '../trace/span.ts';
import { lanesOf } from './lanes.ts';
import { chunks, exportedAttributes, jsonNumber, type ProcessGroup, processGroups } from './process-groups.ts';

const eventsPerChunk = 1_000;

interface Place {
  readonly pid: number;
  readonly tid: number;
  readonly ts: number;
}

/**
 * The document in pieces. Times are microseconds since the first span's start, with nanoseconds as a fraction: since 1970 they
 * would outgrow a double. The start itself stands in `otherData`.
 */
export function* chromeTrace(trace: Pick<Trace, 'run' | 'traceId' | 'spans'>): Generator<string> {
  const startNs = firstStart(trace.spans);
  const otherData = { run: trace.run, traceId: trace.traceId, startNs: String(startNs) };
  yield `{"displayTimeUnit":"ms","otherData":${JSON.stringify(otherData)},"traceEvents":[`;
  const places = new Map<string, Place>();
  let separator = '\n';
  for (const [index, group] of processGroups(trace.spans).entries()) {
    for (const chunk of chunks(processEvents(group, { pid: index + 1, startNs, places }), eventsPerChunk)) {
      yield `${separator}${chunk.map((event) => JSON.stringify(event)).join(',\n')}`;
      separator = ',\n';
    }
  }
  for (const chunk of chunks(linkEvents(trace.spans, places), eventsPerChunk))
    yield `${separator}${chunk.map((event) => JSON.stringify(event)).join(',\n')}`;
  yield '\n]}\n';
}

function firstStart(spans: readonly Span[]): bigint {
  let first = spans[0]?.startNs ?? 0n;
  for (const span of spans) if (span.startNs < first) first = span.startNs;
  return first;
}

interface ProcessContext {
  readonly pid: number;
  readonly startNs: bigint;
  /** Filled as spans are placed, for the arrows. */
  readonly places: Map<string, Place>;
}

function processEvents(group: ProcessGroup, { pid, startNs, places }: ProcessContext): readonly object[] {
  const microseconds = (ns: bigint): number => Number(ns) / 1e3;
  const lanes = lanesOf(group.spans);
  const laneCount = lanes.reduce((most, { lane }) => Math.max(most, lane + 1), 0);
  const events: object[] = [
    { ph: 'M', name: 'process_name', pid, args: { name: `${group.service} (${group.host})` } },
    { ph: 'M', name: 'process_sort_index', pid, args: { sort_index: pid } },
  ];
  for (let tid = 1; tid <= laneCount; tid += 1)
    events.push({ ph: 'M', name: 'thread_name', pid, tid, args: { name: tid === 1 ? group.service : `beside ${tid}` } });
  for (const { span, lane } of lanes) {
    const place = { pid, tid: lane + 1, ts: microseconds(span.startNs - startNs) };
    places.set(span.spanId, place);
    events.push({
      ph: 'X',
      name: span.name,
      cat: group.service,
      ...place,
      dur: microseconds(span.durationNs),
      args: spanArgs(span),
    });
    for (const event of span.events) {
      const ts = microseconds(event.timeNs - startNs);
      events.push({ ph: 'i', s: 't', name: event.name, cat: group.service, ...place, ts, args: plain(event.attributes) });
    }
  }
  return events;
}

/** Links within the trace are drawn as arrows. */
function linkEvents(spans: readonly Span[], places: ReadonlyMap<string, Place>): readonly object[] {
  return spans.flatMap((span) =>
    span.links.flatMap((link, index) => {
      const from = places.get(link.spanId);
      const to = places.get(span.spanId);
      if (from === undefined || to === undefined || link.traceId !== span.traceId) return [];
      const arrow = { name: 'link', cat: 'link', id: `${span.spanId}.${index}` };
      return [
        { ph: 's', ...arrow, ...from },
        { ph: 'f', bp: 'e', ...arrow, ...to },
      ];
    }),
  );
}

function spanArgs(span: Span): object {
  const status = span.status === 'unset' ? {} : { status: span.status };
  const message = span.statusMessage === undefined ? {} : { error: span.statusMessage };
  return { ...status, ...message, ...plain(exportedAttributes(span)), spanId: span.spanId, parentSpanId: span.parentSpanId };
}

function plain(attributes: Attributes): object {
  const values = Object.entries(attributes).map(([key, value]) => [key, typeof value === 'bigint' ? jsonNumber(value) : value]);
  return Object.fromEntries(values);
}
