import { AsyncLocalStorage } from 'node:async_hooks';
import { hostname } from 'node:os';
import type { Span as OtelSpan } from '@opentelemetry/api';
import type { Attributes } from '../trace/layer-spans.ts';

/** What stands for the command that runs now. */
export interface LiveSpan {
  /** `transship COMMAND`: few and the same always. */
  readonly name: string;
  readonly attributes?: Attributes;
  /** Told, once, when tracing fails; the command goes on and keeps its own outcome. */
  readonly warn: (line: string) => void;
}

const traceparents = new AsyncLocalStorage<string>();
const exportMs = 2_000;

/**
 * Runs `work` in a live span, which joins the caller's trace (`TRACEPARENT`) and goes where `OTEL_EXPORTER_OTLP_*` says.
 * Without an endpoint, or with `OTEL_SDK_DISABLED=true`, nothing is loaded and `work` just runs. What `work` returns or throws
 * is passed on as it is; the span is sent before, within 2 s (or `OTEL_EXPORTER_OTLP_TIMEOUT`).
 */
export async function withLiveSpan<T>(live: LiveSpan, work: () => Promise<T>): Promise<T> {
  // within a live span there is one SDK already
  if (!isWanted(process.env) || traceparents.getStore() !== undefined) return work();
  const started = await startSpan(live).catch((error: Error) => {
    live.warn(`no live span: ${error.message}`);
    return undefined;
  });
  if (started === undefined) return work();
  const { span, close } = started;
  const { traceId, spanId, traceFlags } = span.spanContext();
  try {
    return await traceparents.run(`00-${traceId}-${spanId}-${traceFlags.toString(16).padStart(2, '0')}`, () => started.run(work));
  } catch (error) {
    // 2: SpanStatusCode.ERROR
    span.setStatus({ code: 2, message: error instanceof Error ? error.message : String(error) });
    throw error;
  } finally {
    span.end();
    await close();
  }
}

/**
 * The context to hand to children and wrappers as `TRACEPARENT`: of the live span, else the caller's own, else `null`.
 * Format: https://www.w3.org/TR/trace-context/#traceparent-header
 */
export function traceparentOf(): string | null {
  const inherited = process.env.TRACEPARENT ?? '';
  return traceparents.getStore() ?? (/^00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/.test(inherited) ? inherited : null);
}

/** Whether the environment names a receiver of spans and does not switch them off. */
export function isWanted(env: NodeJS.ProcessEnv): boolean {
  const endpoint = env.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT || env.OTEL_EXPORTER_OTLP_ENDPOINT;
  return Boolean(endpoint) && env.OTEL_SDK_DISABLED?.toLowerCase() !== 'true' && env.OTEL_TRACES_EXPORTER !== 'none';
}

interface Started {
  readonly span: OtelSpan;
  readonly run: <T>(work: () => Promise<T>) => Promise<T>;
  readonly close: () => Promise<void>;
}

async function startSpan(live: LiveSpan): Promise<Started> {
  const { NodeSDK, api, core, resources } = await import('@opentelemetry/sdk-node');
  const failures: string[] = [];
  core.setGlobalErrorHandler((error) => failures.push(typeof error === 'string' ? error : (error.message ?? String(error))));
  const traceExporter = await boundedExporter();
  const sdk = new NodeSDK({
    serviceName: process.env.OTEL_SERVICE_NAME || 'transship',
    resource: resources.resourceFromAttributes({ 'host.name': hostname() }),
    resourceDetectors: [resources.envDetector],
    ...(traceExporter === undefined ? {} : { traceExporter }),
    metricReaders: [],
    logRecordProcessors: [],
  });
  sdk.start();
  const { TRACEPARENT: traceparent, TRACESTATE: tracestate, BAGGAGE: baggage } = process.env;
  const parent = api.propagation.extract(api.ROOT_CONTEXT, { traceparent, tracestate, baggage });
  const attributes = live.attributes === undefined ? {} : otelAttributes(live.attributes);
  const span = api.trace.getTracer('transship').startSpan(live.name, { attributes }, parent);
  return {
    span,
    run: (work) => api.context.with(api.trace.setSpan(parent, span), work),
    close: async () => {
      await sdk.shutdown().catch((error: Error) => failures.push(error.message));
      for (const held of [api.trace, api.context, api.propagation]) held.disable();
      if (failures[0] !== undefined) live.warn(`the live span was not sent: ${failures[0].slice(0, 200)}`);
    },
  };
}

/**
 * The default protocol, with a bound that lets a command end soon when nobody listens: the exporter retries until its time limit.
 * Another protocol is left to the SDK, which reads it from the environment.
 */
async function boundedExporter() {
  const env = process.env;
  const protocol = env.OTEL_EXPORTER_OTLP_TRACES_PROTOCOL || env.OTEL_EXPORTER_OTLP_PROTOCOL || 'http/protobuf';
  const isBounded = env.OTEL_EXPORTER_OTLP_TRACES_TIMEOUT !== undefined || env.OTEL_EXPORTER_OTLP_TIMEOUT !== undefined;
  if (isBounded || protocol !== 'http/protobuf') return undefined;
  const { OTLPTraceExporter } = await import('@opentelemetry/exporter-trace-otlp-proto');
  return new OTLPTraceExporter({ timeoutMillis: exportMs });
}

function otelAttributes(attributes: Attributes): Record<string, string | number | boolean | string[]> {
  const values = Object.entries(attributes).map(([key, value]) => {
    if (typeof value === 'bigint') return [key, String(value)] as const;
    return [key, typeof value === 'object' ? [...value] : value] as const;
  });
  return Object.fromEntries(values);
}
