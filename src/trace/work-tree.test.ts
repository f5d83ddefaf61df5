import fc from 'fast-check';
import { expect, test } from 'vitest';
import { handMadeSpan } from '../../test/hand-made-trace.ts';
import { selfNs, workTree } from './work-tree.ts';

const idOf = (index: number): string => (index + 1).toString(16).padStart(16, '0');

/*
 * migration        ├──────────────────────────┤ 0-100
 * probe.requests     ├─────────────────────┤    10-90: looks on
 * downtime            ├───────────────────┤     20-80: looks on
 *   unexplained       ├──┤                      20-30, under downtime
 *   checkpoint           ├────────┤             30-60, under migration
 *     criu.dump             ├────────┤          50-70: outlives its caller
 */
test('what looks on is left out, its children stay, and only what lies within counts against a caller', () => {
  const spans = [
    handMadeSpan({ spanId: idOf(0), atUs: 0, forUs: 100 }),
    handMadeSpan({ spanId: idOf(1), parentSpanId: idOf(0), name: 'probe.requests', atUs: 10, forUs: 80 }),
    handMadeSpan({ spanId: idOf(2), parentSpanId: idOf(0), name: 'downtime', atUs: 20, forUs: 60 }),
    handMadeSpan({ spanId: idOf(3), parentSpanId: idOf(2), name: 'unexplained', atUs: 20, forUs: 10 }),
    handMadeSpan({ spanId: idOf(4), parentSpanId: idOf(0), name: 'checkpoint', atUs: 30, forUs: 30 }),
    handMadeSpan({ spanId: idOf(5), parentSpanId: idOf(4), name: 'criu.dump', atUs: 50, forUs: 20 }),
  ];
  const outline = workTree(spans).map((node) => `${node.parent?.span.name ?? '-'} > ${node.span.name} ${selfNs(node)}`);
  expect(outline).toEqual([
    '- > migration 60000',
    'migration > unexplained 10000',
    'migration > checkpoint 20000',
    'checkpoint > criu.dump 20000',
  ]);
});

test('in a tree whose siblings do not overlap, the times of their own add up to the roots', () => {
  const cuts = fc.array(fc.nat(1_000), { minLength: 2, maxLength: 40 });
  fc.assert(
    fc.property(cuts, (numbers) => {
      const spans = [{ from: 0, to: 1_000_000, parent: -1 }];
      // each new span takes a part of a leaf: there it is the only child
      for (const number of numbers) {
        const parent = spans.length - 1 - (number % Math.min(3, spans.length));
        if (spans.some((span) => span.parent === parent)) continue;
        const { from, to } = spans[parent] as (typeof spans)[number];
        spans.push({ from: from + (to - from) / 4, to: to - (to - from) / 4, parent });
      }
      const made = spans.map(({ from, to, parent }, index) =>
        handMadeSpan({
          ...{ spanId: idOf(index), atUs: from, forUs: to - from },
          ...(parent < 0 ? {} : { parentSpanId: idOf(parent) }),
        }),
      );
      const sum = workTree(made).reduce((total, node) => total + selfNs(node), 0n);
      expect(sum).toBe(made[0]?.durationNs);
    }),
  );
});

test('a cycle among what looks on ends', () => {
  const spans = [
    handMadeSpan({ spanId: idOf(0), parentSpanId: idOf(1), name: 'probe.ticker', atUs: 0, forUs: 1 }),
    handMadeSpan({ spanId: idOf(1), parentSpanId: idOf(0), name: 'downtime', atUs: 0, forUs: 1 }),
    handMadeSpan({ spanId: idOf(2), parentSpanId: idOf(1), name: 'unexplained', atUs: 0, forUs: 1 }),
  ];
  expect(workTree(spans).map(({ span, parent }) => [span.name, parent])).toEqual([['unexplained', undefined]]);
});
