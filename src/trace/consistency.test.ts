import { expect, test } from 'vitest';
import type { AlignedSpan } from './aligned-span.ts';
import { findInconsistencies } from './consistency.ts';

const span = (name: string, group: number, startNs: bigint, endNs: bigint) =>
  ({ span: { name }, host: 'a', group, startNs, endNs, boundNs: 5_000_000n }) as unknown as AlignedSpan;
const runc = span('runc.checkpoint', 1, 100_000_000n, 200_000_000n);

/*
 * runc.checkpoint     ├───────┤ killed
 * runc.criu.dump        ├─────────┤
 */
test('by one clock a process that outlives the one that started it is no contradiction; one that begins earlier is', () => {
  expect(findInconsistencies([runc, span('runc.criu.dump', 1, 120_000_000n, 250_000_000n)], [undefined, 0])).toEqual([]);
  expect(findInconsistencies([runc, span('runc.criu.dump', 1, 90_000_000n, 150_000_000n)], [undefined, 0])).toEqual([
    'runc.criu.dump (a) begins before runc.checkpoint (a) by 10.0 ms; the clocks allow nothing',
  ]);
});

test('by two clocks both bounds are allowed, and no more', () => {
  expect(findInconsistencies([runc, span('criu.dump', 2, 120_000_000n, 210_000_000n)], [undefined, 0])).toEqual([]);
  expect(findInconsistencies([runc, span('criu.dump', 2, 120_000_000n, 211_000_000n)], [undefined, 0])).toEqual([
    'criu.dump (a) ends after runc.checkpoint (a) by 11.0 ms; the clocks allow 10.0 ms',
  ]);
});
