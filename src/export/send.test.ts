import { expect, test } from 'vitest';
import { startCollector } from '../../test/collector.ts';
import { bigTrace, handMadeTrace } from '../../test/hand-made-trace.ts';
import { readableSpans } from './readable-span.ts';
import { sendBatches } from './send.ts';
import { sendJaeger } from './send-jaeger.ts';
import { sendOtlp } from './send-otlp.ts';

test('what Jaeger acknowledged before it failed is told', async () => {
  await using collector = await startCollector((request) => ({ status: request <= 3 ? 202 : 500 }));
  // one span of transship on the controller, then 249 of criu on a, a hundred a request
  const sending = sendJaeger(bigTrace(250).spans, `${collector.url}/api/traces`);
  await expect(sending).rejects.toMatchObject({
    code: 'failed',
    message: `${collector.url}/api/traces: criu on a: error sending spans over HTTP: server responded with HTTP 500; 201 of 250 spans are known to have arrived`,
  });
  expect(collector.bodies).toHaveLength(4);
});

test.each([
  ['a partial success', { status: 200, body: Uint8Array.of(0x0a, 2, 0x08, 3) }, 'OTLP: a part was refused: {"rejectedSpans":3'],
  [
    'a web page',
    { status: 200, type: 'text/html', body: '<!doctype html><p>no' },
    'OTLP: the answer is not that of an OTLP receiver',
  ],
  ['a refusal', { status: 401 }, 'OTLP: Unauthorized'],
])('%s is no success', async (_, answer, message) => {
  await using collector = await startCollector(() => answer);
  const sending = sendOtlp(handMadeTrace().spans, `${collector.url}/v1/traces`);
  await expect(sending).rejects.toMatchObject({ code: 'failed', message: expect.stringContaining(message) });
});

test('OTLP goes out in requests of a thousand spans', async () => {
  await using collector = await startCollector(() => ({ status: 200 }));
  const endpoint = `${collector.url}/v1/traces`;
  await expect(sendOtlp(bigTrace(2_500).spans, endpoint)).resolves.toEqual({ endpoint, spans: 2_500 });
  expect(collector.bodies).toHaveLength(3);
});

test('a receiver that never answers does not hold the command, and its exporter is closed', async () => {
  let isClosed = false;
  const exporter = {
    export: () => undefined,
    shutdown: async () => {
      isClosed = true;
    },
  };
  const batch = { exporter, spans: readableSpans(handMadeTrace().spans), label: 'criu on a' };
  await expect(sendBatches([batch], { endpoint: 'http://h:1/', size: 100, requestMs: 20 })).rejects.toMatchObject({
    message: 'http://h:1/: criu on a: no answer in 0.02 s; 0 of 5 spans are known to have arrived',
  });
  expect(isClosed).toBe(true);
});
