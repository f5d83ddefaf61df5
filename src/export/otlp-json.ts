/**
 * OTLP JSON Lines: one `{"resourceSpans":[…]}` a line, as the Collector's `otlpjsonfile` receiver and `file` exporter have it.
 * Specification: https://opentelemetry.io/docs/specs/otel/protocol/file-exporter/ and
 * https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding (ids in hex, nanoseconds as decimal strings).
 */
// by its own file: the package's index also loads metrics, logs and their protobufs, which take longer than a usual trace
import { JsonTraceSerializer } from '@opentelemetry/otlp-transformer/build/src/trace/json/trace.js';
import type { Span } from '../trace/span.ts';
import { chunks } from './process-groups.ts';
import { readableSpans } from './readable-span.ts';

/** A million spans in one line come near to V8's longest string; a span takes about 450 bytes. */
const spansPerLine = 1_000;

/** The lines of the file, each with its newline. */
export function* otlpJson(trace: { readonly spans: readonly Span[] }): Generator<string> {
  const decoder = new TextDecoder();
  for (const chunk of chunks(readableSpans(trace.spans), spansPerLine))
    yield `${decoder.decode(JsonTraceSerializer.serializeRequest([...chunk]))}\n`;
}
