import { expect, test } from 'vitest';
import { type Holder, placeUnexplained } from './unexplained.ts';

const holder = (index: number, depth: number, [from, to]: readonly [number, number], isOurs = false): Holder => ({
  ...{ index, depth, isOurs },
  startNs: BigInt(from),
  endNs: BigInt(to),
});

const placed = (holders: readonly Holder[]) =>
  placeUnexplained([{ startNs: 10n, endNs: 50n }], holders).map(
    ({ startNs, endNs, holder: index }) => `${startNs}-${endNs} ${index ?? 'none'}`,
  );

test('a stretch is the innermost span’s that holds it, and is cut where that one ends', () => {
  expect(placed([holder(0, 1, [0, 100]), holder(1, 2, [0, 30])])).toEqual(['10-30 1', '30-50 0']);
  expect(placed([holder(0, 1, [0, 30])])).toEqual(['10-30 0', '30-50 none']);
});

test('of two that are as deep it is the one’s that does the work, not the step’s that looks on, whichever comes first', () => {
  const [step, call] = [holder(0, 2, [0, 60], true), holder(1, 2, [5, 100])];
  expect(placed([step, call])).toEqual(['10-50 1']);
  expect(placed([call, step])).toEqual(['10-50 1']);
});

test('of two of those, whose clocks have bounds, it is the shorter one’s', () => {
  const [call, part] = [holder(0, 3, [0, 100]), holder(1, 3, [5, 60])];
  expect(placed([call, part])).toEqual(['10-50 1']);
  expect(placed([part, call])).toEqual(['10-50 1']);
});
