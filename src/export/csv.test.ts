import { join } from 'node:path';
import { expect, test } from 'vitest';
import { bigTrace, handMadeTrace } from '../../test/hand-made-trace.ts';
import { loadTrace } from '../cli/load-trace.ts';
import { packageRoot } from '../evidence/run-folder.ts';
import { csv } from './csv.ts';

/** By RFC 4180: what a reader makes of it. */
function rowsOf(text: string): readonly (readonly string[])[] {
  const rows: string[][] = [[]];
  for (const [, quoted, bare, end] of text.matchAll(/(?:"((?:[^"]|"")*)"|([^,\n]*))(,|\n)/g)) {
    rows.at(-1)?.push(quoted === undefined ? (bare ?? '') : quoted.replaceAll('""', '"'));
    if (end === '\n') rows.push([]);
  }
  return rows.slice(0, -1);
}

test('a row a span, a column a field; whatever a name or an error holds, it stays one cell', () => {
  const [head = [], ...rows] = rowsOf([...csv(handMadeTrace())].join(''));
  expect(rows.map((row) => row.length)).toEqual(rows.map(() => head.length));
  const dump = Object.fromEntries(head.map((name, index) => [name, rows[1]?.[index]]));
  expect({ ...dump, attributes: JSON.parse(dump.attributes ?? '') }).toEqual({
    ...{
      run: 'hand-made',
      traceId: 'a0000000000000000000000000000001',
      spanId: 'f000000000000002',
      parentSpanId: '00000000000000f1',
    },
    ...{ service: 'criu', host: 'a', role: 'source', name: 'criu.dump' },
    // 2000.999 µs without 200-700 and 400-1300 µs, in which its tasks were at it
    ...{ startNs: '1795000000123557039', durationNs: '2000999', selfNs: '900999' },
    ...{ status: 'error', error: 'Can’t dump <task>', evidence: 'bounded', isWait: 'false' },
    attributes: expect.objectContaining({ 'criu.big': '9007199254740993', 'process.command_args': ['criu', 'dump,all'] }),
  });
});

test('a quote, a comma, line ends', () => {
  const [span] = handMadeTrace().spans;
  if (span === undefined) throw new Error('no span');
  const spans = [{ ...span, statusMessage: 'said "no", then\r\nstopped' }];
  const [head = [], row = []] = rowsOf([...csv({ run: 'r1', spans })].join(''));
  expect(row[head.indexOf('error')]).toBe('said "no", then\r\nstopped');
});

test('of a recorded run: as many rows as spans; the downtime has no time of its own, as it looks on', () => {
  const trace = loadTrace({ run: 'sample-redis', path: join(packageRoot(), 'traces/sample-redis') });
  const [head = [], ...rows] = rowsOf([...csv(trace)].join(''));
  expect(rows).toHaveLength(trace.spans.length);
  const lengthNs = (trace.downtime?.endNs ?? 0n) - (trace.downtime?.startNs ?? 0n);
  const downtime = rows.find((row) => row[head.indexOf('name')] === 'downtime');
  expect([downtime?.[head.indexOf('selfNs')], downtime?.[head.indexOf('durationNs')]]).toEqual(['', String(lengthNs)]);
});

test('20,000 spans come in pieces', () => {
  expect(Math.max(...[...csv(bigTrace(20_000))].map((piece) => piece.length))).toBeLessThan(1_000_000);
});
