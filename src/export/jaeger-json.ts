/**
 * Jaeger's JSON, as its query API answers and its page takes in: microseconds, `CHILD_OF` for the parent, `FOLLOWS_FROM` for links.
 * Specification: jaeger v1.76.0 internal/uimodel/model.go; values as internal/uimodel/converter/v1/json/from_domain.go writes them.
 */
import type { Attributes, AttributeValue, SpanEvent } from '../trace/layer-spans.ts';
import type { Span, Trace } from '../trace/span.ts';
import { nsPerUs, wholeUs } from '../trace/time.ts';
import { chunks, exportedAttributes, jsonNumber, processGroups, runAttributes } from './process-groups.ts';

const spansPerChunk = 1_000;

interface Tag {
  readonly key: string;
  readonly type: 'string' | 'bool' | 'int64' | 'float64';
  readonly value: string | number | boolean;
}

type Written = Pick<Trace, 'traceId' | 'spans' | 'warnings' | 'inconsistencies'>;

/** The document in pieces, one trace in `data`. The trace's own warnings stand at its roots too, where the page shows them. */
export function* jaegerJson(trace: Written): Generator<string> {
  const run = runAttributes(trace.spans);
  const warnings = [...trace.inconsistencies, ...trace.warnings];
  const groups = processGroups(trace.spans);
  yield `{"data":[{"traceID":${JSON.stringify(trace.traceId)},"spans":[\n`;
  let separator = '';
  for (const [index, group] of groups.entries()) {
    for (const chunk of chunks(group.spans, spansPerChunk)) {
      const written = chunk.map((span) => JSON.stringify(jaegerSpan(span, `p${index + 1}`, warnings)));
      yield `${separator}${written.join(',\n')}`;
      separator = ',\n';
    }
  }
  const processes = groups.map(({ service, host }, index) => [
    `p${index + 1}`,
    { serviceName: service, tags: tagsOf({ ...run, 'host.name': host }) },
  ]);
  const rest = { processes: Object.fromEntries(processes), warnings: orNull(warnings) };
  yield `\n],${JSON.stringify(rest).slice(1)}],"total":1,"limit":0,"offset":0,"errors":null}\n`;
}

function jaegerSpan(span: Span, processID: string, traceWarnings: readonly string[]): object {
  const { traceId: traceID, spanId: spanID } = span;
  const parent = span.parentSpanId === undefined ? [] : [{ refType: 'CHILD_OF', traceID, spanID: span.parentSpanId }];
  const { startUs, durationUs } = wholeUs(span);
  const links = span.links.map((link) => ({ refType: 'FOLLOWS_FROM', traceID: link.traceId, spanID: link.spanId }));
  return {
    traceID,
    spanID,
    operationName: span.name,
    references: [...parent, ...links],
    startTime: Number(startUs),
    duration: Number(durationUs),
    tags: [...tagsOf(exportedAttributes(span)), ...statusTags(span)],
    logs: span.events.map(jaegerLog),
    processID,
    warnings: span.parentSpanId === undefined ? orNull(traceWarnings) : null,
  };
}

function jaegerLog(event: SpanEvent): object {
  return { timestamp: Number(event.timeNs / nsPerUs), fields: tagsOf({ event: event.name, ...event.attributes }) };
}

/** As Jaeger itself translates OpenTelemetry's status: https://opentelemetry.io/docs/specs/otel/trace/sdk_exporters/jaeger/ */
function statusTags(span: Span): readonly Tag[] {
  if (span.status === 'unset') return [];
  const message = span.statusMessage === undefined ? {} : { 'otel.status_description': span.statusMessage };
  const error = span.status === 'error' ? { error: true } : {};
  return tagsOf({ 'otel.status_code': span.status.toUpperCase(), ...message, ...error });
}

function tagsOf(attributes: Attributes): readonly Tag[] {
  return Object.entries(attributes).map(([key, value]) => ({ key, ...typedValue(value) }));
}

function typedValue(value: AttributeValue): Omit<Tag, 'key'> {
  switch (typeof value) {
    case 'boolean':
      return { type: 'bool', value };
    case 'bigint':
      return { type: 'int64', value: jsonNumber(value) };
    case 'number':
      // JSON has no NaN and no infinity: as text they are at least seen
      if (!Number.isFinite(value)) return { type: 'string', value: String(value) };
      return { type: Number.isInteger(value) ? 'int64' : 'float64', value };
    case 'object':
      return { type: 'string', value: JSON.stringify(value) };
    default:
      return { type: 'string', value };
  }
}

function orNull<T>(list: readonly T[]): readonly T[] | null {
  return list.length === 0 ? null : list;
}
