import { expect, test } from 'vitest';
import { startCollector } from '../../test/collector.ts';
import { runWithNothing } from '../../test/run-with-nothing.ts';

test('by OTLP and by Jaeger, with the environment as with flags', async () => {
  using runs = runWithNothing();
  await using collector = await startCollector(() => ({ status: 200 }));
  const { url } = collector;
  const document = (sent: readonly string[]): object => ({
    ...{ schema: 'transship.send/1', run: 'r1', traceId: 'ab'.repeat(16) },
    sent: sent.map((path) => ({ endpoint: `${url}${path}`, spans: 1 })),
  });
  const both = await runs.transship(['send', 'r1', '--otlp', url, '--jaeger', url, '--format', 'json']);
  expect(both).toMatchObject({ stderr: '', exitCode: 0 });
  expect(JSON.parse(both.stdout)).toEqual(document(['/v1/traces', '/api/traces']));
  const jaeger = await runs.transship(['send', 'r1', '--format', 'json'], { OTEL_EXPORTER_JAEGER_ENDPOINT: url });
  expect(JSON.parse(jaeger.stdout)).toEqual(document(['/api/traces']));
  expect(collector.bodies).toHaveLength(3);
  expect((await runs.transship(['send', 'r1', '--otlp', url])).stdout).toBe(
    `sent      1 span to ${url}/v1/traces\ntrace     ${'ab'.repeat(16)}`,
  );
});

test('nobody listens: exit 1, and a warning for the live span that goes the same way', async () => {
  using runs = runWithNothing();
  const { stdout, stderr, exitCode } = await runs.transship(['send', 'r1'], {
    OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:1',
  });
  expect({ stdout, exitCode }).toEqual({ stdout: '', exitCode: 1 });
  expect(stderr.split('\n')).toEqual([
    expect.stringMatching(/^warning the live span was not sent: .*ECONNREFUSED/),
    'error: http://127.0.0.1:1/v1/traces: connection refused; nothing was sent',
    '  hint: is the receiver up, and is this its address? npm run jaeger starts one here',
  ]);
});

test('no endpoint: exit 2, and an example', async () => {
  using runs = runWithNothing();
  expect(await runs.transship(['send', 'r1'])).toMatchObject({
    stdout: '',
    stderr: expect.stringMatching(/^error: send where\? .*\n {2}hint: such as: transship send RUN --otlp http:/),
    exitCode: 2,
  });
});
