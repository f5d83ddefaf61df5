import type { tracing } from '@opentelemetry/sdk-node';
import { TransshipError } from '../error.ts';
import { chunks } from './process-groups.ts';
import type { ReadableSpan } from './readable-span.ts';

/** What was sent: spans that the receiver acknowledged. */
export interface Sent {
  readonly endpoint: string;
  readonly spans: number;
}

interface Batch {
  readonly exporter: tracing.SpanExporter;
  readonly spans: readonly ReadableSpan[];
  /** Named in an error: what these spans are. */
  readonly label: string;
}

interface Sending {
  readonly endpoint: string;
  /** Spans a request. */
  readonly size: number;
  /** Bound of one request, retries included. */
  readonly requestMs: number;
  /** Known to the receiver's side only, and told by no result: OTLP's "partial success". */
  readonly refusal?: () => string | undefined;
}

/**
 * Sends batch after batch, and closes the exporters whatever happens.
 * @throws TransshipError `failed` at the first request that is refused or not answered; it says how many spans had arrived.
 */
export async function sendBatches(batches: readonly Batch[], sending: Sending): Promise<Sent> {
  const total = batches.reduce((sum, { spans }) => sum + spans.length, 0);
  let sent = 0;
  try {
    for (const { exporter, spans, label } of batches) {
      for (const chunk of chunks(spans, sending.size)) {
        const failure = (await exportOnce(exporter, chunk, sending.requestMs)) ?? sending.refusal?.();
        if (failure !== undefined) throw failed({ endpoint: sending.endpoint, failure, label, sent, total });
        sent += chunk.length;
      }
    }
  } finally {
    await Promise.all(batches.map(({ exporter }) => exporter.shutdown().catch(() => undefined)));
  }
  return { endpoint: sending.endpoint, spans: sent };
}

/** jaeger-client sets a timeout and never acts on it, so the bound is ours. */
async function exportOnce(
  exporter: tracing.SpanExporter,
  spans: readonly ReadableSpan[],
  ms: number,
): Promise<string | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<string>((resolve) => {
    timer = setTimeout(() => resolve(`no answer in ${ms / 1e3} s`), ms);
  });
  const answer = new Promise<string | undefined>((resolve) => {
    // 0: ExportResultCode.SUCCESS
    exporter.export([...spans], ({ code, error }) =>
      resolve(code === 0 ? undefined : (error?.message ?? 'refused without a reason')),
    );
  });
  try {
    return await Promise.race([answer, late]);
  } finally {
    clearTimeout(timer);
  }
}

interface Failure {
  readonly endpoint: string;
  readonly failure: string;
  readonly label: string;
  readonly sent: number;
  readonly total: number;
}

function failed({ endpoint, failure, label, sent, total }: Failure): TransshipError {
  return new TransshipError(
    'failed',
    `${endpoint}: ${label}: ${failure}; ${sent} of ${total} spans are known to have arrived`,
    portHints[new URL(endpoint).port] ??
      'is this the address of an OTLP or Jaeger collector? sending it again the same way is safe',
  );
}

const portHints: Readonly<Record<string, string>> = {
  '4317': "4317 is OTLP's port for gRPC; over HTTP it is 4318",
  '14250': "14250 is Jaeger's port for gRPC; over HTTP it is 14268",
  '16686': "16686 is Jaeger's page; OTLP goes to 4318, Jaeger's own format to 14268",
};
