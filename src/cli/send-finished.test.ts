import { expect, test } from 'vitest';
import { startCollector } from '../../test/collector.ts';
import { handMadeTrace } from '../../test/hand-made-trace.ts';
import { sendFinished } from './send-finished.ts';
import type { Terminal } from './terminal.ts';

async function said(env: NodeJS.ProcessEnv): Promise<readonly string[]> {
  const lines: string[] = [];
  const terminal = { say: (line: string) => lines.push(line), warn: (line: string) => lines.push(`warning ${line}`) };
  await sendFinished(terminal as unknown as Terminal, handMadeTrace(), env);
  return lines;
}

test('with an endpoint in the environment a finished trace is sent whole', async () => {
  await using collector = await startCollector(() => ({ status: 200 }));
  const lines = await said({ OTEL_EXPORTER_OTLP_ENDPOINT: collector.url });
  expect(lines).toEqual([`sent       5 spans to ${collector.url}/v1/traces: trace ${handMadeTrace().traceId}`]);
  expect(collector.bodies).toHaveLength(1);
});

test.each([
  ['nobody listens', 'http://127.0.0.1:1', /^warning the trace was not sent: .*connection refused.*; transship send hand-made$/],
  ['no address', 'nowhere', /^warning the trace was not sent: .*nowhere: no http or https URL/],
])('%s: a warning, no failure', async (_, endpoint, words) => {
  expect(await said({ OTEL_EXPORTER_OTLP_ENDPOINT: endpoint })).toEqual([expect.stringMatching(words)]);
});

test.each([{}, { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:1', OTEL_SDK_DISABLED: 'true' }])(
  '%o: nothing is sent, nor said',
  async (env) => {
    expect(await said(env)).toEqual([]);
  },
);
