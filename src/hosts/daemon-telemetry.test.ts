import { describe, expect, test } from 'vitest';
import { telemetryOf } from './daemon-telemetry.ts';

describe('what dockerd was told about its own spans', () => {
  const endpoint = (url: string, more = {}) => telemetryOf({ OTEL_EXPORTER_OTLP_ENDPOINT: url, ...more });

  test('nothing: it makes none', () => {
    expect(telemetryOf({})).toEqual({ endpoint: null, loopbackPort: null, delayMs: 5_000 });
  });

  test('a port of its own host: a move takes them in there, after the delay of their exporter', () => {
    expect(endpoint('http://127.0.0.1:4318', { OTEL_BSP_SCHEDULE_DELAY: '200' })).toMatchObject({
      loopbackPort: 4318,
      delayMs: 200,
    });
    expect(endpoint('http://localhost:4000')).toMatchObject({ loopbackPort: 4000, delayMs: 5_000 });
    expect(telemetryOf({ OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'http://127.0.0.1/v1/traces' }).loopbackPort).toBe(80);
  });

  test.each([
    'http://collector:4318',
    'https://127.0.0.1:4318',
    'http://[::1]:4318',
    'not a URL',
    'http://127.0.0.1.example:4318',
  ])('%s: sent, but not where a move listens', (url) => {
    expect(endpoint(url)).toMatchObject({ endpoint: url, loopbackPort: null });
  });

  test.each([{ OTEL_SDK_DISABLED: 'TRUE' }, { OTEL_TRACES_EXPORTER: 'none' }])('%o: off, wherever it would go', (more) => {
    expect(endpoint('http://127.0.0.1:4318', more).endpoint).toBeNull();
  });

  test('gRPC is not HTTP', () => {
    expect(endpoint('http://127.0.0.1:4317', { OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc' }).loopbackPort).toBeNull();
  });
});
