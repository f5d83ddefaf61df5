/**
 * Chrome's trace JSON, which Perfetto's page and chrome://tracing open: a process a host, and in it tracks of each service.
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
  for (const [index, groups] of hostsOf(trace.spans).entries()) {
    for (const chunk of chunks(hostEvents(groups, { pid: index + 1, startNs, places }), eventsPerChunk)) {
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

/** Hosts and their services in the order in which they first appear. */
function hostsOf(spans: readonly Span[]): readonly (readonly ProcessGroup[])[] {
  const hosts = new Map<string, ProcessGroup[]>();
  for (const group of processGroups(spans)) hosts.set(group.host, [...(hosts.get(group.host) ?? []), group]);
  return [...hosts.values()];
}

function hostEvents(groups: readonly ProcessGroup[], context: ProcessContext): readonly object[] {
  const { pid } = context;
  const events: object[] = [
    { ph: 'M', name: 'process_name', pid, args: { name: groups[0]?.host } },
    { ph: 'M', name: 'process_sort_index', pid, args: { sort_index: pid } },
  ];
  let tracks = 0;
  for (const group of groups) {
    const lanes = lanesOf(group.spans);
    const count = lanes.reduce((most, { lane }) => Math.max(most, lane + 1), 0);
    for (let lane = 0; lane < count; lane += 1) {
      const tid = tracks + lane + 1;
      const name = lane === 0 ? group.service : `${group.service} beside ${lane + 1}`;
      events.push({ ph: 'M', name: 'thread_name', pid, tid, args: { name } });
      events.push({ ph: 'M', name: 'thread_sort_index', pid, tid, args: { sort_index: tid } });
    }
    for (const { span, lane } of lanes) events.push(...spanEvents(span, tracks + lane + 1, context));
    tracks += count;
  }
  return events;
}

function spanEvents(span: Span, tid: number, { pid, startNs, places }: ProcessContext): readonly object[] {
  const microseconds = (ns: bigint): number => Number(ns) / 1e3;
  const place = { pid, tid, ts: microseconds(span.startNs - startNs) };
  places.set(span.spanId, place);
  const cat = span.service;
  return [
    { ph: 'X', name: span.name, cat, ...place, dur: microseconds(span.durationNs), args: spanArgs(span) },
    ...span.events.map(({ name, timeNs, attributes }) => {
      return { ph: 'i', s: 't', name, cat, ...place, ts: microseconds(timeNs - startNs), args: plain(attributes) };
    }),
  ];
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
