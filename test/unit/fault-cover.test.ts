import { describe, expect, test } from 'vitest';
import { pairsOf, pairwiseCover } from '../faults/cover.ts';
import { faults, possibleCells } from '../faults/faults.ts';
import { moments, strategies } from '../faults/moments.ts';
import { wordsOf } from '../faults/table.ts';

const grid = ['x', 'y', 'z'].flatMap((one) =>
  ['x', 'y', 'z'].flatMap((two) => ['x', 'y', 'z'].map((three) => ({ one, two, three }))),
);

describe('a pairwise cover', () => {
  test('of three times three values has every pair, in little more than the nine that it takes at least', () => {
    const cover = pairwiseCover(grid);
    expect(new Set(cover.flatMap(pairsOf))).toEqual(new Set(grid.flatMap(pairsOf)));
    expect(cover.length).toBeLessThanOrEqual(11);
  });

  test('takes nothing that is impossible, and only what it needs', () => {
    const possible = grid.filter(({ one, two }) => one !== two);
    const cover = pairwiseCover(possible);
    expect(cover.every((cell) => possible.includes(cell))).toBe(true);
    expect(new Set(cover).size).toBe(cover.length);
    expect(new Set(cover.flatMap(pairsOf))).toEqual(new Set(possible.flatMap(pairsOf)));
  });

  test('of nothing is nothing', () => {
    expect(pairwiseCover([])).toEqual([]);
  });
});

describe('the table of faults', () => {
  const possible = possibleCells();
  const cover = pairwiseCover(possible);

  test('each fault meets each strategy and each moment that it can meet', () => {
    expect(new Set(cover.flatMap(pairsOf))).toEqual(new Set(possible.flatMap(pairsOf)));
    for (const fault of Object.keys(faults)) expect(cover.some((cell) => cell.fault === fault)).toBe(true);
    for (const strategy of strategies) expect(cover.some((cell) => cell.strategy === strategy)).toBe(true);
    for (const moment of Object.keys(moments)) expect(cover.some((cell) => cell.moment === moment)).toBe(true);
  });

  test('what is left out has its reason', () => {
    const anywhere = Math.max(...Object.values(faults).map(({ at }) => at.length));
    const unsaid = Object.entries(faults).filter(
      ([, { at, by, only }]) => (at.length < anywhere || by !== undefined) && only === undefined,
    );
    expect(unsaid.map(([name]) => name)).toEqual([]);
  });

  test('a cell has a name of its own', () => {
    expect(new Set(cover.map(wordsOf)).size).toBe(cover.length);
  });

  test('there is a cell of pages that are still to come only where there are some', () => {
    expect(possible.filter(({ moment, strategy }) => moment === 'rest' && strategy !== 'post-copy')).toEqual([]);
  });
});
