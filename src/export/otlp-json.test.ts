import { expect, test } from 'vitest';
import { bigTrace, handMadeTrace } from '../../test/hand-made-trace.ts';
import { otlpJson } from './otlp-json.ts';

test('one line, a resource a service and host, every field of a span', () => {
  const lines = [...otlpJson(handMadeTrace())];
  expect(lines).toHaveLength(1);
  expect(lines[0]?.indexOf('\n')).toBe((lines[0]?.length ?? 0) - 1);
  const { resourceSpans } = JSON.parse(lines[0] ?? '');
  expect(resourceSpans.map((of: { resource: { attributes: unknown } }) => of.resource.attributes)).toEqual(
    [
      ['transship', 'controller'],
      ['criu', 'a'],
      ['criu', 'b'],
    ].map(([service, host]) => [
      { key: 'service.name', value: { stringValue: service } },
      { key: 'host.name', value: { stringValue: host } },
    ]),
  );
  const [dump] = resourceSpans[1].scopeSpans[0].spans;
  expect(dump).toMatchObject({
    traceId: 'a0000000000000000000000000000001',
    spanId: 'f000000000000002',
    parentSpanId: '00000000000000f1',
    name: 'criu.dump',
    kind: 1,
    startTimeUnixNano: '1795000000123557039',
    endTimeUnixNano: '1795000000125558038',
    status: { code: 2, message: 'Can’t dump <task>' },
  });
  expect(dump.attributes).toEqual([
    { key: 'process.pid', value: { intValue: 4242 } },
    { key: 'criu.stats.frozen_time', value: { doubleValue: 1234.5 } },
    { key: 'migration.role', value: { stringValue: 'source' } },
    { key: 'migration.is_live', value: { boolValue: true } },
    { key: 'criu.big', value: { stringValue: '9007199254740993' } },
    { key: 'criu.pages', value: { intValue: 412 } },
    { key: 'process.command_args', value: { arrayValue: { values: [{ stringValue: 'criu' }, { stringValue: 'dump,all' }] } } },
    { key: 'migration.evidence', value: { stringValue: 'bounded' } },
  ]);
  expect(dump.events).toMatchObject([{ name: 'log', timeUnixNano: '1795000000123790788' }]);
  const [restore] = resourceSpans[2].scopeSpans[0].spans;
  expect(restore.links).toMatchObject([{ traceId: 'a0000000000000000000000000000001', spanId: 'f000000000000002' }]);
});

test('20,000 spans come as lines of at most a thousand, none lost', () => {
  const counts = [...otlpJson(bigTrace(20_000))].map((line) => line.split('"spanId"').length - 1);
  expect(Math.max(...counts)).toBe(1_000);
  expect(counts.reduce((sum, count) => sum + count)).toBe(20_000);
});

test('no spans, no lines', () => {
  expect([...otlpJson({ spans: [] })]).toEqual([]);
});
