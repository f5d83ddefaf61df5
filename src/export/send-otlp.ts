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
  // A partial success is a success to the exporter, which only logs it: so its log is listened to.
  let partial: string | undefined;
  const ignore = (): void => undefined;
  const listen = (message: string, ...rest: readonly unknown[]): void => {
    if (message.includes('Partial Success')) partial = `the receiver refused a part: ${rest.join(' ')}`;
  };
  diag.setLogger(
    { error: ignore, warn: listen, info: ignore, debug: ignore, verbose: ignore },
    { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true },
  );
  try {
    const { OTEL_EXPORTER_OTLP_TRACES_TIMEOUT: forTraces, OTEL_EXPORTER_OTLP_TIMEOUT: forAll } = process.env;
    const requestMs = (Number(forTraces ?? forAll) || 10_000) + graceMs;
    const batch = { exporter, spans: readableSpans(spans), label: 'OTLP' };
    return await sendBatches([batch], { endpoint, size: 1_000, requestMs, refusal: () => partial });
  } finally {
    diag.disable();
  }
}
