import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { built, controller, criu, type Drawn, ms, outline, reading } from '../../test/drawn-layers.ts';
import type { EvidenceKind } from './layer-spans.ts';
import { explainedOf } from './trace-leaves.ts';

const run: readonly Drawn[] = [
  { key: 'migration', at: [0, 100] },
  { key: 'migration.checkpoint', parent: 'migration', at: [5, 40] },
  { key: 'migration.checkpoint.pause', parent: 'migration.checkpoint', at: [5, 10], role: 'source', isWait: true },
  { key: 'migration.checkpoint.checkpoint', parent: 'migration.checkpoint', at: [10, 40], role: 'source', isWait: true },
  { key: 'migration.transfer', parent: 'migration', at: [40, 50] },
  { key: 'migration.transfer.copy-images', parent: 'migration.transfer', at: [40, 50] },
  { key: 'migration.restore', parent: 'migration', at: [50, 90] },
  { key: 'migration.restore.start', parent: 'migration.restore', at: [50, 90], role: 'destination', isWait: true },
];
const dump: readonly Drawn[] = [
  { key: 'criu.dump', at: [15, 25] },
  { key: 'criu.dump.memory', parent: 'criu.dump', at: [15, 25], kind: 'until-next' },
];
const restore: readonly Drawn[] = [
  { key: 'criu.restore', at: [60, 85] },
  { key: 'criu.restore.memory', parent: 'criu.restore', at: [60, 80], kind: 'until-next' },
  { key: 'criu.restore.finish', parent: 'criu.restore', at: [80, 85], kind: 'until-next' },
];

describe('a run over two hosts', () => {
  /*
   * migration    0 ├─────────────────────────────────────────────┤ 100
   * checkpoint     5├pause┤10────wait────┤40
   * copy-images                             ├───┤ 40-50
   * start                                       ├──────wait──────┤ 50-90
   * criu              15├dump┤25                   60├restore┤80├finish┤85
   * downtime        10├──────────────────────────────────────┤80
   * unexplained     10-15    25-40              50-60
   * controller   0-5                                              90-100
   */
  test('hangs each layer under the step that called it, and shows what nobody explains', () => {
    expect(outline(built([controller(run), criu('source', dump), criu('destination', restore)]))).toEqual([
      'migration 0-100',
      '  controller.next-step 0-5',
      '  migration.checkpoint 5-40',
      '    migration.checkpoint.pause 5-10',
      '    migration.checkpoint.checkpoint 10-40',
      '      unexplained 10-15',
      '      criu.dump 15-25',
      '        criu.dump.memory 15-25',
      '      unexplained 25-40',
      '  downtime 10-80',
      '  migration.transfer 40-50',
      '    migration.transfer.copy-images 40-50',
      '  migration.restore 50-90',
      '    migration.restore.start 50-90',
      '      unexplained 50-60',
      '      criu.restore 60-85',
      '        criu.restore.memory 60-80',
      '        criu.restore.finish 80-85',
      '  controller.next-step 90-100',
    ]);
  });

  test('tells the shares apart: 10 of 70 ms bounded, 30 until-next', () => {
    const { explained, downtime } = built([controller(run), criu('source', dump), criu('destination', restore)]);
    expect(downtime).toEqual({ startNs: 10n * ms, endNs: 80n * ms });
    expect(explained?.bounded).toBeCloseTo(10 / 70, 6);
    expect(explained?.untilNext).toBeCloseTo(30 / 70, 6);
    expect(explained?.inferred).toBe(0);
  });

  /* A dump anchored to ±2 ms: of its 10 ms only 17-23 are sure. */
  test('boundary uncertainty counts against the share, and the unexplained reach into it', () => {
    const trace = built([controller(run), criu('source', dump, { boundMs: 2 }), criu('destination', restore)]);
    expect(trace.explained?.untilNext).toBeCloseTo(26 / 70, 6);
    expect(outline(trace)).toContain('      unexplained 10-17');
    expect(outline(trace)).toContain('      unexplained 23-40');
  });

  test('a container that was rolled back was down until it was unpaused', () => {
    const rollback: Drawn[] = [
      { key: 'migration.rollback', parent: 'migration', at: [95, 99] },
      { key: 'migration.rollback.pause', parent: 'migration.rollback', at: [95, 99] },
    ];
    expect(built([controller([...run, ...rollback]), criu('source', dump)]).downtime?.endNs).toBe(99n * ms);
  });

  test('a freeze that failed is none', () => {
    const failed = run.map((span) => (span.key === 'migration.checkpoint.pause' ? { ...span, error: 'no' } : span));
    expect(built([controller(failed)]).downtime).toBeNull();
  });
});

describe('what does not fit is kept and said', () => {
  /* b's clock is 30 ms ahead and nobody read it: its restore seems to end 25 ms after the start that called it. */
  test('a span outside its parent makes the run inconsistent', () => {
    const trace = built([controller(run), criu('destination', restore, { shiftMs: 30 })], [reading('a', 0)]);
    expect(trace.inconsistencies).toEqual([
      'criu.restore (b) ends after migration.restore.start (controller) by 25.0 ms; the clocks allow nothing',
    ]);
    expect(trace.warnings).toEqual(['b: its clock was never read; its times are taken as they are']);
  });

  test('within the bounds it is no contradiction, and nothing is moved', () => {
    const trace = built([controller(run), criu('destination', restore, { shiftMs: 6, boundMs: 1 })]);
    expect(trace.inconsistencies).toEqual([]);
    expect(outline(trace)).toContain('      criu.restore 66-91');
  });

  test('an orphan and a cycle stay in the trace', () => {
    const odd: Drawn[] = [
      { key: 'orphan', parent: 'nobody', at: [16, 17] },
      { key: 'one', parent: 'two', at: [18, 19] },
      { key: 'two', parent: 'one', at: [18, 19] },
    ];
    const trace = built([controller(run), criu('source', odd)]);
    expect(trace.warnings).toEqual([
      'criu on a: orphan names a parent that is missing: nobody',
      'criu on a: two is its own ancestor; cut from its parent',
    ]);
    const kept = outline(trace).filter((line) => !/downtime|unexplained|controller/.test(line));
    expect(kept).toHaveLength(run.length + odd.length);
  });
});

describe('clocks', () => {
  /* offset 0 at 0, 10 ms at 100: a host time of 55 is 50 of ours */
  test('between two readings the offset goes in a straight line', () => {
    const clocks = [reading('a', 0), reading('a', 10, 100)];
    const trace = built([criu('source', [{ key: 'criu.dump', at: [55, 110] }])], clocks);
    expect(outline(trace)).toEqual(['criu.dump 50-100']);
  });

  test("a host's clock off by minutes, and read so, gives the same trace", () => {
    const straight = built([controller(run), criu('source', dump), criu('destination', restore)]);
    fc.assert(
      fc.property(fc.integer({ min: -600_000, max: 600_000 }), (shiftMs) => {
        const clocks = [reading('a', 0), reading('b', shiftMs), reading('b', shiftMs, 90)];
        const shifted = built([controller(run), criu('source', dump), criu('destination', restore, { shiftMs })], clocks);
        expect(shifted.spans).toEqual(straight.spans);
        expect(shifted.explained).toEqual(straight.explained);
      }),
      { numRuns: 50 },
    );
  });
});

test('explained of a layer: its leaves in its own time', () => {
  const trace = built([criu('source', [...dump, { key: 'criu.dump.end', parent: 'criu.dump', at: [25, 25] }])]);
  expect(explainedOf(trace, { startNs: 15n * ms, endNs: 35n * ms }, 'criu')).toBeCloseTo(0.5, 6);
});

/** Random trees below the run: each span lies in its parent; kinds and waits at random. */
const randomSpans = fc
  .array(
    fc.record({
      parent: fc.nat(),
      from: fc.nat(99),
      to: fc.nat(99),
      kind: fc.constantFrom('bounded', 'until-next', 'inferred'),
      isWait: fc.boolean(),
    }),
    { maxLength: 40 },
  )
  .map((picks) => {
    const drawn: Drawn[] = [{ key: 'criu.dump', at: [11, 40] }];
    picks.forEach((pick, index) => {
      const parent = drawn[pick.parent % drawn.length] as Drawn;
      const length = parent.at[1] - parent.at[0];
      const edges = [pick.from, pick.to].map((part) => parent.at[0] + Math.floor((part * length) / 99)).sort((a, b) => a - b);
      drawn.push({
        key: `s${index}`,
        parent: parent.key,
        at: [edges[0] ?? 0, edges[1] ?? 0],
        kind: pick.kind as EvidenceKind,
        isWait: pick.isWait,
      });
    });
    return drawn;
  });

test('in any tree the shares and the unexplained make up the downtime, and children stay in their parents', () => {
  fc.assert(
    fc.property(randomSpans, fc.nat(3), (drawn, boundMs) => {
      const trace = built([controller(run), criu('source', drawn, { boundMs })]);
      const { bounded, untilNext, inferred } = trace.explained ?? { bounded: 2, untilNext: 2, inferred: 2 };
      const window = trace.downtime ?? { startNs: 0n, endNs: 0n };
      const unexplained = trace.spans
        .filter((span) => span.name === 'unexplained')
        .reduce((sum, span) => sum + span.durationNs, 0n);
      const share = Number(unexplained) / Number(window.endNs - window.startNs);
      expect(bounded + untilNext + inferred + share).toBeCloseTo(1, 6);
      expect(trace.inconsistencies).toEqual([]);
      expect(new Set(trace.spans.map((span) => span.spanId)).size).toBe(trace.spans.length);
      expect(outline(trace)).toHaveLength(trace.spans.length);
    }),
    { numRuns: 100 },
  );
});
