import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { handMadeSpan } from '../../test/hand-made-trace.ts';
import { criticalPath, type PathPart } from './critical-path.ts';
import type { Span } from './span.ts';

const idOf = (index: number): string => (index + 1).toString(16).padStart(16, '0');

interface Drawn {
  readonly name: string;
  readonly at: readonly [number, number];
  readonly above?: string;
  readonly isWait?: true;
}

function drawn(spans: readonly Drawn[]): readonly Span[] {
  return spans.map(({ name, at: [from, to], above, isWait }, index) => {
    const parent = spans.findIndex((one) => one.name === above);
    return handMadeSpan({
      ...{ spanId: idOf(index), name, atUs: from, forUs: to - from, isWait: isWait === true },
      ...(parent < 0 ? {} : { parentSpanId: idOf(parent) }),
    });
  });
}

const zeroNs = handMadeSpan({ spanId: idOf(0), atUs: 0, forUs: 0 }).startNs;

/** `name from-to` in µs. */
function outline(parts: readonly PathPart[]): readonly string[] {
  const us = (ns: bigint) => Number(ns - zeroNs) / 1e3;
  return parts.map(({ span, startNs, endNs }) => `${span.name} ${us(startNs)}-${us(endNs)}`);
}

function windowOf([from, to]: readonly [number, number]) {
  return { startNs: zeroNs + BigInt(from) * 1_000n, endNs: zeroNs + BigInt(to) * 1_000n };
}

describe('the critical path', () => {
  /*
   * migration  ├────────────────────────────────────────┤ 0-100
   * checkpoint   ├──────────────┤                           5-45
   *   dump         ├─────────┤                              10-40
   * restore                      ├───────────────┤        50-90
   *   task 1                       ├──────────┤             55-85
   *   task 2                       ├───┤                    55-65: not waited for
   */
  const run: readonly Drawn[] = [
    { name: 'migration', at: [0, 100] },
    { name: 'checkpoint', at: [5, 45], above: 'migration' },
    { name: 'dump', at: [10, 40], above: 'checkpoint' },
    { name: 'restore', at: [50, 90], above: 'migration' },
    { name: 'task 1', at: [55, 85], above: 'restore' },
    { name: 'task 2', at: [55, 65], above: 'restore' },
  ];

  test('follows the child that ended last; what nobody has is the caller’s', () => {
    expect(outline(criticalPath({ spans: drawn(run), downtime: windowOf([20, 88]) }))).toEqual([
      'dump 20-40',
      'checkpoint 40-45',
      'migration 45-50',
      'restore 50-55',
      'task 1 55-85',
      'restore 85-88',
    ]);
  });

  /* docker start of a warm destination waits all along beside the dump: it is not what the restore was waiting for. */
  test('a call that was merely waited for gives way to work beside it', () => {
    const start: Drawn = { name: 'start', at: [8, 92], above: 'migration', isWait: true };
    expect(outline(criticalPath({ spans: drawn([...run, start]), downtime: windowOf([20, 88]) }))).toEqual([
      'dump 20-40',
      'checkpoint 40-45',
      'start 45-50',
      'restore 50-55',
      'task 1 55-85',
      'restore 85-88',
    ]);
  });

  /*
   * dump step    ├───────────────────────┤ 0-80
   *   runc         ├──────────────────┤    10-75, waits
   *     criu.dump  ├──────────────────┤    10-75
   *   copy files   ├────────┤              10-40: over before the dump was
   */
  test('work that ended before other work beside it was not waited for', () => {
    const spans = drawn([
      { name: 'dump step', at: [0, 80], isWait: true },
      { name: 'runc', at: [10, 75], above: 'dump step', isWait: true },
      { name: 'criu.dump', at: [10, 75], above: 'runc' },
      { name: 'copy files', at: [10, 40], above: 'dump step' },
    ]);
    const path = criticalPath({ spans, downtime: windowOf([5, 80]) });
    expect(outline(path)).toEqual(['dump step 5-10', 'criu.dump 10-75', 'dump step 75-80']);
  });

  /*
   * post-copy: the images are ready at 30; then CRIU serves pages, long beyond the resume at 90
   * criu.dump       ├──────────────────────────────────────────────┤ 10-200
   *   memory        ├──────┤ 10-30
   *   lazy-pages            ├── serves ────────────────────────────┤ 30-200
   * copy files      ├─────────────┤ 10-60: the go waits for it
   * criu.restore                     ├─────────┤ 65-90
   * criu.lazy-pages                    ├── serves ──────────────┤ 70-150
   */
  test('what serves pages is not waited for, unless nobody else does anything', () => {
    const spans = drawn([
      { name: 'migration', at: [0, 210] },
      { name: 'criu.dump', at: [10, 200], above: 'migration' },
      { name: 'memory', at: [10, 30], above: 'criu.dump' },
      { name: 'criu.dump.lazy-pages', at: [30, 200], above: 'criu.dump' },
      { name: 'copy files', at: [10, 60], above: 'migration' },
      { name: 'criu.restore', at: [65, 90], above: 'migration' },
      { name: 'criu.lazy-pages', at: [70, 150], above: 'migration' },
    ]).map((span) => (span.name === 'criu.lazy-pages' ? { ...span, service: 'criu-lazy-pages' as const } : span));
    const path = criticalPath({ spans, downtime: windowOf([5, 90]) });
    expect(outline(path)).toEqual(['migration 5-10', 'copy files 10-60', 'criu.dump.lazy-pages 60-65', 'criu.restore 65-90']);
  });

  test('probes and the downtime look on; what is unexplained is so on the path, whoever holds it', () => {
    const more: readonly Drawn[] = [
      { name: 'probe.ticker', at: [18, 90], above: 'migration', isWait: true },
      { name: 'downtime', at: [20, 88], above: 'migration', isWait: true },
      { name: 'unexplained', at: [40, 55], above: 'downtime', isWait: true },
    ];
    expect(outline(criticalPath({ spans: drawn([...run, ...more]), downtime: windowOf([20, 88]) }))).toEqual([
      'dump 20-40',
      'unexplained 40-55',
      'task 1 55-85',
      'restore 85-88',
    ]);
  });

  test('a leaf elsewhere names the moment of a span that explains nothing by itself', () => {
    const spans = drawn([
      { name: 'migration', at: [0, 100] },
      { name: 'call', at: [0, 100], above: 'migration', isWait: true },
      { name: 'beside', at: [0, 100], isWait: true },
      { name: 'hook', at: [30, 60], above: 'beside' },
    ]);
    expect(outline(criticalPath({ spans, downtime: windowOf([0, 100]) }))).toEqual(['call 0-30', 'hook 30-60', 'call 60-100']);
  });

  test('logs that were imported have a path each, whatever their clocks say', () => {
    const logs = drawn([
      { name: 'criu.dump', at: [0, 30] },
      { name: 'freeze', at: [0, 20], above: 'criu.dump' },
      { name: 'criu.restore', at: [10, 40] },
    ]);
    expect(outline(criticalPath({ spans: logs, downtime: null }))).toEqual([
      'freeze 0-20',
      'criu.dump 20-30',
      'criu.restore 10-40',
    ]);
    expect(criticalPath({ spans: [], downtime: null })).toEqual([]);
  });
});

test('whatever the tree: the parts follow one another from end to end of the window, each within its span', () => {
  const node = fc.record({ parent: fc.nat(), from: fc.nat(90), for: fc.nat(40), isWait: fc.boolean() });
  fc.assert(
    fc.property(fc.array(node, { maxLength: 25 }), fc.nat(40), (nodes, from) => {
      const spans = [
        handMadeSpan({ spanId: idOf(0), atUs: 0, forUs: 100 }),
        ...nodes.map(({ parent, from: atUs, for: forUs, isWait }, index) =>
          handMadeSpan({
            ...{ spanId: idOf(index + 1), parentSpanId: idOf(parent % (index + 1)), name: `n${index}` },
            atUs,
            forUs,
            isWait,
          }),
        ),
      ];
      const window = windowOf([from, from + 50]);
      const path = criticalPath({ spans, downtime: window });
      expect([window.startNs, ...path.map(({ endNs }) => endNs)]).toEqual([...path.map(({ startNs }) => startNs), window.endNs]);
      for (const { span, startNs, endNs } of path) {
        expect(startNs < endNs).toBe(true);
        expect(span.startNs <= startNs && endNs <= span.startNs + span.durationNs).toBe(true);
      }
    }),
  );
});
