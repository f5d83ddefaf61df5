import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { startCollector } from '../../test/collector.ts';
import { traceparentOf, withLiveSpan } from './live-telemetry.ts';

const caller = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
const name = 'transship migrate';

beforeEach(() => {
  for (const key of Object.keys(process.env)) if (key.startsWith('OTEL_')) vi.stubEnv(key, undefined);
  vi.stubEnv('TRACEPARENT', undefined);
});
afterEach(() => {
  vi.unstubAllEnvs();
});

test("the span joins the caller's trace, is handed on, and is sent before the command ends", async () => {
  await using collector = await startCollector(() => ({ status: 200 }));
  vi.stubEnv('OTEL_EXPORTER_OTLP_ENDPOINT', collector.url);
  vi.stubEnv('TRACEPARENT', caller);
  const warnings: string[] = [];
  const live = { name, attributes: { 'migration.id': 'r7' }, warn: (line: string) => void warnings.push(line) };
  const inside = await withLiveSpan(live, async () => traceparentOf());
  expect(inside).toMatch(/^00-0af7651916cd43dd8448eb211c80319c-[0-9a-f]{16}-01$/);
  expect(inside).not.toBe(caller);
  const sent = Buffer.concat(collector.bodies);
  for (const part of [name, 'migration.id', 'r7']) expect(sent.includes(part)).toBe(true);
  for (const id of ['0af7651916cd43dd8448eb211c80319c', 'b7ad6b7169203331', inside?.slice(36, 52) ?? '?'])
    expect(sent.includes(Buffer.from(id, 'hex'))).toBe(true);
  expect(warnings).toEqual([]);
});

test('a command that fails fails as it would without, and its span says so', async () => {
  await using collector = await startCollector(() => ({ status: 200 }));
  vi.stubEnv('OTEL_EXPORTER_OTLP_ENDPOINT', collector.url);
  const failure = new Error('disk full');
  await expect(withLiveSpan({ name, warn: expect.unreachable }, () => Promise.reject(failure))).rejects.toBe(failure);
  expect(Buffer.concat(collector.bodies).includes('disk full')).toBe(true);
});

test('nobody listens: a warning, and the result', async () => {
  vi.stubEnv('OTEL_EXPORTER_OTLP_ENDPOINT', 'http://127.0.0.1:1');
  const warn = vi.fn();
  await expect(withLiveSpan({ name, warn }, async () => 42)).resolves.toBe(42);
  expect(warn.mock.calls).toEqual([[expect.stringMatching(/^the live span was not sent: .*ECONNREFUSED/)]]);
});

test.each([
  ['no endpoint', {}],
  ['the SDK is off', { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:1', OTEL_SDK_DISABLED: 'true' }],
])("%s: nothing is traced, the caller's context is handed on", async (_, env) => {
  for (const [key, value] of Object.entries(env)) vi.stubEnv(key, value);
  expect(await withLiveSpan({ name, warn: expect.unreachable }, async () => traceparentOf())).toBeNull();
  vi.stubEnv('TRACEPARENT', caller);
  expect(await withLiveSpan({ name, warn: expect.unreachable }, async () => traceparentOf())).toBe(caller);
  vi.stubEnv('TRACEPARENT', 'rubbish');
  expect(traceparentOf()).toBeNull();
});
