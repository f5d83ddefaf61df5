import fc from 'fast-check';
import { expect, test } from 'vitest';
import { bigTrace, handMadeSpan, handMadeTrace } from '../../test/hand-made-trace.ts';
import type { Span } from '../trace/span.ts';
import { chromeTrace } from './chrome.ts';
import { lanesOf } from './lanes.ts';

interface Event {
  readonly ph: string;
  readonly name: string;
  readonly pid: number;
  readonly tid: number;
  readonly ts: number;
  readonly dur: number;
  readonly args: Readonly<Record<string, unknown>>;
}

function eventsOf(pieces: Iterable<string>): readonly Event[] {
  return JSON.parse([...pieces].join('')).traceEvents;
}

test('a process a host, tracks a service, a lane for the sibling that overlaps, an arrow for the link', () => {
  const events = eventsOf(chromeTrace(handMadeTrace()));
  expect(events.filter(({ name }) => name === 'process_name').map(({ pid, args }) => `${pid} ${args.name}`)).toEqual([
    '1 controller',
    '2 a',
    '3 b',
  ]);
  expect(events.filter(({ name }) => name === 'thread_name').map(({ pid, tid, args }) => `${pid}.${tid} ${args.name}`)).toEqual([
    '1.1 transship',
    '2.1 criu',
    '2.2 criu beside 2',
    '3.1 criu',
  ]);
  expect(events.filter(({ ph }) => ph === 'X').map(({ name, pid, tid, ts, dur }) => [name, pid, tid, ts, dur])).toEqual([
    ['migration', 1, 1, 0, 5000.5],
    ['criu.dump', 2, 1, 100.25, 2000.999],
    ['criu.dump.task', 2, 1, 200, 500],
    ['criu.dump.task', 2, 2, 400, 900],
    ['criu.restore', 3, 1, 3000.2, 1500],
  ]);
  expect(events.find(({ name }) => name === 'criu.dump')?.args).toMatchObject({
    'criu.big': '9007199254740993',
    'criu.pages': 412,
    error: 'Can’t dump <task>',
    parentSpanId: '00000000000000f1',
  });
  expect(events.filter(({ ph }) => ph === 'i').map(({ name, pid, ts }) => [name, pid, ts])).toEqual([['log', 2, 333.999]]);
  expect(events.filter(({ name }) => name === 'link').map(({ ph, pid, ts }) => [ph, pid, ts])).toEqual([
    ['s', 2, 100.25],
    ['f', 3, 3000.2],
  ]);
});

test('services of one host are tracks of one process, in an order of their own, and share no track', () => {
  const at = (spanId: string, service: Span['service'], atUs: number) =>
    handMadeSpan({ spanId: spanId.padStart(16, '0'), host: 'a', service, atUs, forUs: 10 });
  const spans = [at('1', 'dockerd', 0), at('2', 'dockerd', 5), at('3', 'criu', 7), at('4', 'runc', 30)];
  const events = eventsOf(chromeTrace({ run: 'r1', traceId: '0'.repeat(32), spans }));
  const names = new Map(events.filter(({ name }) => name === 'thread_name').map(({ tid, args }) => [tid, args.name]));
  const slices = events.filter(({ ph }) => ph === 'X');
  expect(slices.map(({ pid, tid }) => `${pid} ${names.get(tid)}`)).toEqual([
    '1 dockerd',
    '1 dockerd beside 2',
    '1 criu',
    '1 runc',
  ]);
  const order = events.filter(({ name }) => name === 'thread_sort_index').map(({ tid, args }) => [tid, args.sort_index]);
  expect(order).toEqual([
    [1, 1],
    [2, 2],
    [3, 3],
    [4, 4],
  ]);
});

test('within a lane, any two spans are apart, or the outer is an ancestor of the inner', () => {
  const tree = fc.array(fc.record({ parent: fc.nat(), atUs: fc.nat(20), forUs: fc.nat(10) }), { maxLength: 30 });
  fc.assert(
    fc.property(tree, (nodes) => {
      const idOf = (index: number): string => index.toString(16).padStart(16, '0');
      const spans = nodes.map(({ parent, atUs, forUs }, index) =>
        // parents may be missing, later, or itself: cycles are kept, too
        handMadeSpan({ spanId: idOf(index), parentSpanId: idOf(parent % (nodes.length + 1)), atUs, forUs }),
      );
      const placed = lanesOf(spans);
      expect(new Set(placed.map(({ span }) => span)).size).toBe(spans.length);
      for (const [index, a] of placed.entries())
        for (const b of placed.slice(index + 1))
          if (a.lane === b.lane) expect(isApart(a.span, b.span) || isAncestor(a.span, b.span, spans)).toBe(true);
    }),
  );
});

/** `a` comes first in drawing order. */
function isApart(a: Span, b: Span): boolean {
  return a.startNs + a.durationNs <= b.startNs;
}

function isAncestor(outer: Span, inner: Span, spans: readonly Span[]): boolean {
  if (outer.startNs > inner.startNs || outer.startNs + outer.durationNs < inner.startNs + inner.durationNs) return false;
  let at: Span | undefined = inner;
  for (let step = 0; at !== undefined && step <= spans.length; step += 1) {
    const { parentSpanId }: Span = at;
    if (parentSpanId === outer.spanId) return true;
    at = spans.find(({ spanId }) => spanId === parentSpanId);
  }
  return false;
}

test('20,000 spans on 20 overlapping tracks take 20 lanes and small pieces', () => {
  const pieces = [...chromeTrace(bigTrace(20_001))];
  expect(Math.max(...pieces.map((piece) => piece.length))).toBeLessThan(1_000_000);
  const slices = eventsOf(pieces).filter(({ ph, pid }) => ph === 'X' && pid === 2);
  expect(slices).toHaveLength(20_000);
  expect(Math.max(...slices.map(({ tid }) => tid))).toBe(20);
});

test('a trace without spans is a document still', () => {
  expect(eventsOf(chromeTrace({ run: 'r1', traceId: '0'.repeat(32), spans: [] }))).toEqual([]);
});
