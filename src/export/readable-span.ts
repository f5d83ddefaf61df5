import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Attributes as OtelAttributes } from '@opentelemetry/api';
import type { resources, tracing } from '@opentelemetry/sdk-node';
import { packageRoot } from '../evidence/run-folder.ts';
import type { Attributes, AttributeValue } from '../trace/layer-spans.ts';
import type { Span } from '../trace/span.ts';
import { nsPerS } from '../trace/time.ts';
import { exportedAttributes, jsonNumber, processGroups, runAttributes } from './process-groups.ts';

/** With its version: exporter-jaeger writes the word `undefined` without one. */
const scope = {
  name: 'transship',
  version: String(JSON.parse(readFileSync(join(packageRoot(), 'package.json'), 'utf8')).version),
};

export type ReadableSpan = tracing.ReadableSpan;

// Numbers of OpenTelemetry's API, which is not loaded for them: SpanKind.INTERNAL, TraceFlags.SAMPLED, SpanStatusCode.
const internalKind = 0;
const sampledFlag = 1;
const statusCodes = { unset: 0, ok: 1, error: 2 } as const;

/**
 * Our spans as OpenTelemetry's exporters and serializers take them: plain objects, no SDK involved.
 * Spans of one service and host share one resource object, since the serializers group by its identity.
 */
export function readableSpans(spans: readonly Span[], run: Attributes = runAttributes(spans)): readonly ReadableSpan[] {
  return processGroups(spans).flatMap((group) => {
    const resource = resourceOf({ ...otelAttributes(run), 'service.name': group.service, 'host.name': group.host });
    return group.spans.map((span) => readableSpan(span, resource));
  });
}

function readableSpan(span: Span, resource: resources.Resource): ReadableSpan {
  const contextOf = (spanId: string, traceId: string = span.traceId) => ({ traceId, spanId, traceFlags: sampledFlag });
  const context = contextOf(span.spanId);
  return {
    name: span.name,
    kind: internalKind,
    spanContext: () => context,
    ...(span.parentSpanId === undefined ? {} : { parentSpanContext: contextOf(span.parentSpanId) }),
    startTime: hrTime(span.startNs),
    endTime: hrTime(span.startNs + span.durationNs),
    duration: hrTime(span.durationNs),
    status: {
      code: statusCodes[span.status],
      ...(span.statusMessage === undefined ? {} : { message: span.statusMessage }),
    },
    attributes: otelAttributes(exportedAttributes(span)),
    links: span.links.map((link) => ({
      context: contextOf(link.spanId, link.traceId),
      attributes: otelAttributes(link.attributes),
    })),
    events: span.events.map((event) => ({
      name: event.name,
      time: hrTime(event.timeNs),
      attributes: otelAttributes(event.attributes),
    })),
    ended: true,
    resource,
    instrumentationScope: scope,
    droppedAttributesCount: 0,
    droppedEventsCount: 0,
    droppedLinksCount: 0,
  };
}

function hrTime(ns: bigint): [number, number] {
  return [Number(ns / nsPerS), Number(ns % nsPerS)];
}

function resourceOf(attributes: OtelAttributes): resources.Resource {
  const resource: resources.Resource = {
    attributes,
    merge: (other) => resourceOf({ ...attributes, ...other?.attributes }),
    getRawAttributes: () => Object.entries(attributes),
  };
  return resource;
}

function otelAttributes(attributes: Attributes): OtelAttributes {
  return Object.fromEntries(Object.entries(attributes).map(([key, value]) => [key, otelValue(value)]));
}

/** The SDK knows no bigint and would write an empty value. */
function otelValue(value: AttributeValue): string | number | boolean | string[] {
  if (typeof value === 'bigint') return jsonNumber(value);
  return typeof value === 'object' ? [...value] : value;
}
