import { createServer, type IncomingMessage } from 'node:http';
import type { ListenOptions } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { gunzipSync } from 'node:zlib';
import { protobufToJson } from './otlp-protobuf.ts';

/** A request larger than this is refused, packed or unpacked: the daemons' batches have 512 spans at most (`OTEL_BSP_MAX_EXPORT_BATCH_SIZE`). */
const limitBytes = 16 * 1024 * 1024;
const types = ['application/x-protobuf', 'application/json'] as const;

/** A batch of spans as it came. To read it takes milliseconds, which a move in its downtime does not have. */
export interface RawBatch {
  readonly type: (typeof types)[number];
  readonly isPacked: boolean;
  readonly bytes: Buffer;
}

class Refused extends Error {
  readonly status: number;
  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/**
 * A receiver of OTLP over HTTP, protobuf and JSON alike (https://opentelemetry.io/docs/specs/otlp/#otlphttp). Metrics and logs, which the
 * same endpoint gets, are taken and dropped: refused, the daemons would fill their logs with that.
 * @throws Error when nothing can listen there
 */
export async function serveOtlp(at: ListenOptions, onBatch: (batch: RawBatch) => void): Promise<AsyncDisposable> {
  const server = createServer((request, response) => {
    answer(request, onBatch).then(
      (type) => response.writeHead(200, { 'content-type': type }).end(type === 'application/json' ? '{}' : ''),
      (error) => response.writeHead(error instanceof Refused ? error.status : 400).end(),
    );
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(at, resolve);
  });
  server.unref(); // what listens for a run's spans never keeps the command alive
  return {
    [Symbol.asyncDispose]: async () => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      await closed;
    },
  };
}

async function answer(request: IncomingMessage, onBatch: (batch: RawBatch) => void): Promise<RawBatch['type']> {
  const path = new URL(request.url ?? '/', 'http://receiver').pathname;
  if (request.method !== 'POST' || !/^\/v1\/(traces|metrics|logs)$/.test(path)) throw new Refused(404, 'not OTLP');
  const said = request.headers['content-type']?.split(';')[0]?.trim();
  const type = types.find((one) => one === said);
  if (type === undefined) throw new Refused(415, 'neither protobuf nor JSON');
  const bytes = await bounded(request);
  if (path === '/v1/traces') onBatch({ type, isPacked: request.headers['content-encoding'] === 'gzip', bytes });
  return type;
}

async function bounded(request: IncomingMessage): Promise<Buffer> {
  let size = 0;
  request.on('data', (chunk: Buffer) => {
    size += chunk.length;
    if (size > limitBytes) request.destroy(new Refused(413, 'too large'));
  });
  return buffer(request);
}

/**
 * A batch as OTLP's JSON has it (`{"resourceSpans": […]}`), whichever way it came.
 * @throws Error when it is no such thing, or more than 16 MiB
 */
export function readBatch({ type, isPacked, bytes }: RawBatch): object {
  const plain = isPacked ? gunzipSync(bytes, { maxOutputLength: limitBytes }) : bytes;
  const batch: { resourceSpans?: unknown } = type === 'application/json' ? JSON.parse(plain.toString()) : protobufToJson(plain);
  if (!Array.isArray(batch.resourceSpans)) throw new Error('it holds no resourceSpans');
  return batch;
}
