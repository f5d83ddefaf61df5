import { mkdtempSync, rmSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { JsonTraceSerializer, ProtobufTraceSerializer } from '@opentelemetry/otlp-transformer';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { handMadeTrace } from '../../test/hand-made-trace.ts';
import { readableSpans } from '../export/readable-span.ts';
import { type RawBatch, readBatch, serveOtlp } from './otlp-server.ts';

const folder = mkdtempSync(join(tmpdir(), 'otlp-'));
const socketPath = join(folder, 'spans');
const came: RawBatch[] = [];
let server: AsyncDisposable;

beforeAll(async () => {
  server = await serveOtlp({ path: socketPath }, (batch) => void came.push(batch));
});
beforeEach(() => void came.splice(0));
afterAll(async () => {
  await server[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true });
});

interface Post {
  readonly path?: string;
  readonly method?: string;
  readonly headers?: Record<string, string>;
  readonly body?: Uint8Array;
}

async function post({ path = '/v1/traces', method = 'POST', headers = {}, body = new Uint8Array() }: Post): Promise<number> {
  return new Promise((resolve, reject) => {
    const call = request({ socketPath, path, method, headers }, (response) => {
      response.resume().once('end', () => resolve(response.statusCode ?? 0));
    });
    call.once('error', reject).end(body);
  });
}

const spans = [...readableSpans(handMadeTrace().spans)];
const protobuf = ProtobufTraceSerializer.serializeRequest(spans) as Uint8Array;
const json = JsonTraceSerializer.serializeRequest(spans) as Uint8Array;
const proto = { 'content-type': 'application/x-protobuf' };
const expected = JSON.parse(Buffer.from(json).toString());

/** OpenTelemetry's own writers leave out different empty fields: ids, names, times and values are what counts. */
function told(batch: object): object {
  const { resourceSpans } = batch as typeof expected;
  return resourceSpans.map((group: { resource: { attributes: object }; scopeSpans: { spans: Record<string, unknown>[] }[] }) => ({
    resource: group.resource.attributes,
    spans: group.scopeSpans.flatMap((scope) =>
      scope.spans.map(({ traceId, spanId, parentSpanId, name, kind, startTimeUnixNano, endTimeUnixNano, ...rest }) => ({
        ...{ traceId, spanId, parentSpanId, name, kind, startTimeUnixNano, endTimeUnixNano },
        values: JSON.stringify(rest.attributes ?? []).replace(/"intValue":"?(-?\d+)"?/g, '"intValue":$1'),
        events: ((rest.events ?? []) as { name: string; timeUnixNano: string }[]).map((event) => [
          event.name,
          event.timeUnixNano,
        ]),
        links: ((rest.links ?? []) as { spanId: string }[]).map((link) => link.spanId),
      })),
    ),
  }));
}

describe('OTLP over HTTP', () => {
  test.each([
    { what: 'protobuf', headers: proto, body: protobuf },
    { what: 'protobuf in gzip', headers: { ...proto, 'content-encoding': 'gzip' }, body: gzipSync(protobuf) },
    { what: 'JSON', headers: { 'content-type': 'application/json; charset=utf-8' }, body: json },
  ])('$what: every span comes as the daemon sent it', async ({ headers, body }) => {
    expect(await post({ headers, body })).toBe(200);
    expect(came).toHaveLength(1);
    expect(told(readBatch(came[0] as RawBatch))).toEqual(told(expected));
  });

  test('metrics and logs are taken, and dropped', async () => {
    expect(await post({ path: '/v1/metrics', headers: proto, body: protobuf })).toBe(200);
    expect(await post({ path: '/v1/logs', headers: proto, body: protobuf })).toBe(200);
    expect(came).toEqual([]);
  });

  test.each([
    { why: 'no OTLP', call: { method: 'GET' }, status: 404 },
    { why: 'another path', call: { path: '/', headers: proto }, status: 404 },
    { why: 'another form', call: { headers: { 'content-type': 'text/plain' } }, status: 415 },
  ])('$why: refused with $status', async ({ call, status }) => {
    expect(await post(call)).toBe(status);
    expect(came).toEqual([]);
  });

  test('more than 16 MiB is not kept, packed or not', async () => {
    const large = new Uint8Array(17 * 1024 * 1024);
    expect(await post({ headers: proto, body: large }).catch(() => 0)).not.toBe(200);
    expect(came).toEqual([]);
    expect(() => readBatch({ type: 'application/json', isPacked: true, bytes: gzipSync(large) })).toThrow();
  });

  test.each([
    ['application/json', '{"no":"spans"}'],
    ['application/json', 'no JSON'],
    ['application/x-protobuf', 'no protobuf'],
  ] as const)('%s that is none: %s is an error', (type, text) => {
    expect(() => readBatch({ type, isPacked: false, bytes: Buffer.from(text) })).toThrow();
  });
});
