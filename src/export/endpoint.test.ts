import { createServer } from 'node:net';
import { expect, test } from 'vitest';
import { checkReachable, endpointsOf } from './endpoint.ts';

test.each([
  [{ otlp: 'http://h:4318' }, {}, { otlp: 'http://h:4318/v1/traces', jaeger: undefined }],
  [{ otlp: 'https://h/otlp/v1/traces' }, {}, { otlp: 'https://h/otlp/v1/traces', jaeger: undefined }],
  [{ jaeger: 'http://h:14268/' }, {}, { otlp: undefined, jaeger: 'http://h:14268/api/traces' }],
  [{ jaeger: 'http://h:1' }, { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://x' }, { otlp: undefined, jaeger: 'http://h:1/api/traces' }],
  [{}, { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://h:4318/base/' }, { otlp: 'http://h:4318/base/v1/traces', jaeger: undefined }],
  [
    {},
    { OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'http://h/t', OTEL_EXPORTER_OTLP_ENDPOINT: 'http://x' },
    { otlp: 'http://h/t', jaeger: undefined },
  ],
  [{}, { OTEL_EXPORTER_JAEGER_ENDPOINT: 'http://h:14268/api/traces' }, { otlp: undefined, jaeger: 'http://h:14268/api/traces' }],
])('%j with %j', (flags, env, expected) => {
  expect(endpointsOf(flags, env)).toEqual(expected);
});

test.each([
  [{}, 'send where? neither --otlp, nor --jaeger, nor OTEL_EXPORTER_OTLP_ENDPOINT is given'],
  [{ otlp: 'localhost:4318' }, '--otlp localhost:4318: no http or https URL'],
  [{ jaeger: 'udp://h:6832' }, '--jaeger udp://h:6832: no http or https URL'],
  [{ jaeger: 'http://h:6832' }, "--jaeger http://h:6832: that is the agent's UDP port"],
])('%j is a usage error', (flags, message) => {
  expect(() => endpointsOf(flags, {})).toThrow(
    expect.objectContaining({ code: 'usage', message, hint: expect.stringContaining('http://') }),
  );
});

test('a refused connection is told at once', async () => {
  const server = createServer();
  const port = await new Promise<number>((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve((server.address() as { port: number }).port));
  });
  await expect(checkReachable(`http://127.0.0.1:${port}/v1/traces`)).resolves.toBeUndefined();
  await new Promise((resolve) => server.close(resolve));
  await expect(checkReachable(`http://127.0.0.1:${port}/v1/traces`)).rejects.toMatchObject({
    code: 'failed',
    message: `http://127.0.0.1:${port}/v1/traces: connection refused; nothing was sent`,
  });
});
