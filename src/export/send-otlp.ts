/** OTLP over HTTP, protobuf: https://opentelemetry.io/docs/specs/otlp/#otlphttp */
import { DiagLogLevel, diag } from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import type { Span } from '../trace/span.ts';
import { readableSpans } from './readable-span.ts';
import { type Sent, sendBatches } from './send.ts';

/** `OTEL_EXPORTER_OTLP_TIMEOUT` (10 s when missing) bounds the exporter's own tries; this is on top, should it not keep to it. */
const graceMs = 10_000;

/**
 * Headers, time limit and compression come from `OTEL_EXPORTER_OTLP_*`, which the exporter honours.
 * @throws TransshipError `failed`, also when the receiver took only a part.
 */
export async function sendOtlp(spans: readonly Span[], endpoint: string): Promise<Sent> {
  const exporter = new OTLPTraceExporter({ url: endpoint });
  // Any answer below 300 is a success to the exporter, a partial one too, and a web page (Jaeger's own, on port 16686):
  // it only logs what it thinks of it, so its log is listened to.
  let refusal: string | undefined;
  const ignore = (): void => undefined;
  const listen = (...said: readonly unknown[]): void => {
    refusal ??= refusalIn(said.join(' '));
  };
  diag.setLogger(
    { error: ignore, warn: listen, info: ignore, debug: ignore, verbose: ignore },
    { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true },
  );
  try {
    const { OTEL_EXPORTER_OTLP_TRACES_TIMEOUT: forTraces, OTEL_EXPORTER_OTLP_TIMEOUT: forAll } = process.env;
    const requestMs = (Number(forTraces ?? forAll) || 10_000) + graceMs;
    const batch = { exporter, spans: readableSpans(spans), label: 'OTLP' };
    return await sendBatches([batch], { endpoint, size: 1_000, requestMs, refusal: () => refusal });
  } finally {
    diag.disable();
  }
}

/** A partial success that rejects no span is a remark: https://opentelemetry.io/docs/specs/otlp/#partial-success */
function refusalIn(line: string): string | undefined {
  if (line.includes('could not deserialize')) return 'the answer is not that of an OTLP receiver';
  const partial = /^Received Partial Success response: (.*"rejectedSpans":"?[1-9].*)$/s.exec(line)?.[1];
  return partial === undefined ? undefined : `a part was refused: ${partial}`;
}
