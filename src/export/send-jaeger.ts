/** Jaeger's thrift over HTTP: https://www.jaegertracing.io/docs/1.76/architecture/apis/#thrift-over-http-stable */
import { JaegerExporter } from '@opentelemetry/exporter-jaeger';
import type { Attributes, AttributeValue } from '../trace/layer-spans.ts';
import type { Span } from '../trace/span.ts';
import { nsPerUs, wholeUs } from '../trace/time.ts';
import { processGroups, runAttributes } from './process-groups.ts';
import { readableSpans } from './readable-span.ts';
import { type Sent, sendBatches } from './send.ts';

/** What jaeger-client puts into one request (`DEFAULT_MAX_SPAN_BATCH_SIZE`): so each answer is for a known number of spans. */
const spansPerRequest = 100;
const requestMs = 15_000;

/**
 * One exporter for each service and host: it takes its process from the first span that it ever sees, and all later ones
 * would be shown under that service.
 * @throws TransshipError `failed`
 */
export async function sendJaeger(spans: readonly Span[], endpoint: string): Promise<Sent> {
  const run = Object.entries(runAttributes(spans)).map(([key, value]) => ({ key, value: String(value) }));
  const batches = processGroups(spans).map(({ service, host, spans: own }) => ({
    // flushTimeout: its timer is never cleared and would hold the process; all is acknowledged by then
    exporter: new JaegerExporter({ endpoint, flushTimeout: 1, tags: [{ key: 'host.name', value: host }, ...run] }),
    spans: readableSpans(own.map(inMicroseconds), {}), // the exporter would put them on each span
    label: `${service} on ${host}`,
  }));
  return sendBatches(batches, { endpoint, size: spansPerRequest, requestMs });
}

/**
 * Jaeger keeps microseconds. The exporter gets there through doubles, which at today's dates are a quarter of a microsecond apart
 * and are cut, not rounded: whole microseconds pass unharmed. An event's time goes through milliseconds, where they do not:
 * half a microsecond on top is cut again. A list would lose its form (`a,b`), so it is written as JSON, as Jaeger's OTLP does.
 */
function inMicroseconds(span: Span): Span {
  const { startUs, durationUs } = wholeUs(span);
  return {
    ...span,
    startNs: startUs * nsPerUs,
    durationNs: durationUs * nsPerUs,
    attributes: flat(span.attributes),
    events: span.events.map((event) => ({
      ...event,
      timeNs: (event.timeNs / nsPerUs) * nsPerUs + nsPerUs / 2n,
      attributes: flat(event.attributes),
    })),
  };
}

function flat(attributes: Attributes): Attributes {
  const flatten = (value: AttributeValue): AttributeValue => (typeof value === 'object' ? JSON.stringify(value) : value);
  return Object.fromEntries(Object.entries(attributes).map(([key, value]) => [key, flatten(value)]));
}
