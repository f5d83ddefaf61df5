import { expect, test } from 'vitest';
import { bigTrace, handMadeTrace } from '../../test/hand-made-trace.ts';
import { jaegerJson } from './jaeger-json.ts';

test('microseconds, typed tags, references, logs, processes, warnings', () => {
  const { data } = JSON.parse([...jaegerJson(handMadeTrace())].join(''));
  expect(data).toHaveLength(1);
  const [{ traceID, spans, processes, warnings }] = data;
  expect(traceID).toBe('a0000000000000000000000000000001');
  expect(processes).toEqual({
    p1: { serviceName: 'transship', tags: [{ key: 'host.name', type: 'string', value: 'controller' }] },
    p2: { serviceName: 'criu', tags: [{ key: 'host.name', type: 'string', value: 'a' }] },
    p3: { serviceName: 'criu', tags: [{ key: 'host.name', type: 'string', value: 'b' }] },
  });
  expect(warnings).toEqual(['the clock was stepped']);
  const [root, dump, , , restore] = spans;
  expect(root).toMatchObject({
    references: [],
    warnings: ['the clock was stepped'],
    startTime: 1_795_000_000_123_456,
    duration: 5001, // from the cut start to the cut end, which no child passes
  });
  expect(dump).toMatchObject({
    operationName: 'criu.dump',
    startTime: 1_795_000_000_123_557,
    duration: 2001,
    processID: 'p2',
    warnings: null,
    logs: [{ timestamp: 1_795_000_000_123_790 }],
  });
  expect(dump.tags).toEqual([
    { key: 'process.pid', type: 'int64', value: 4242 },
    { key: 'criu.stats.frozen_time', type: 'float64', value: 1234.5 },
    { key: 'migration.role', type: 'string', value: 'source' },
    { key: 'migration.is_live', type: 'bool', value: true },
    { key: 'criu.big', type: 'int64', value: '9007199254740993' },
    { key: 'criu.pages', type: 'int64', value: 412 },
    { key: 'process.command_args', type: 'string', value: '["criu","dump,all"]' },
    { key: 'migration.evidence', type: 'string', value: 'bounded' },
    { key: 'otel.status_code', type: 'string', value: 'ERROR' },
    { key: 'otel.status_description', type: 'string', value: 'Can’t dump <task>' },
    { key: 'error', type: 'bool', value: true },
  ]);
  expect(restore.references).toEqual([
    { refType: 'CHILD_OF', traceID, spanID: '00000000000000f1' },
    { refType: 'FOLLOWS_FROM', traceID, spanID: 'f000000000000002' },
  ]);
});

test('20,000 spans are one document in small pieces', () => {
  const pieces = [...jaegerJson(bigTrace(20_000))];
  expect(Math.max(...pieces.map((piece) => piece.length))).toBeLessThan(1_000_000);
  expect(JSON.parse(pieces.join('')).data[0].spans).toHaveLength(20_000);
});

test('a trace without spans is a document still', () => {
  expect(JSON.parse([...jaegerJson({ ...handMadeTrace(), spans: [] })].join('')).data[0].spans).toEqual([]);
});
