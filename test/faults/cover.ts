/**
 * A combination has a value of every dimension, by the dimension's name. A pairwise cover: of the combinations that are possible, some, so that each two values of two dimensions that occur together in any of
 * them occur together in one that is taken. Greedy: always the one that has most pairs which are still missing, and of several the one whose
 * values were taken least. The same list gives the same cover.
 */
export function pairwiseCover<Cell extends object>(possible: readonly Cell[]): readonly Cell[] {
  const missing = new Set(possible.flatMap(pairsOf));
  const uses = new Map<string, number>();
  const gain = (cell: Cell) => pairsOf(cell).filter((pair) => missing.has(pair)).length;
  const use = (cell: Cell) => Object.values(cell).reduce((sum: number, value) => sum + (uses.get(value) ?? 0), 0);
  const isBetter = (one: Cell, other: Cell) => gain(one) - gain(other) || use(other) - use(one);
  const taken: Cell[] = [];
  while (missing.size > 0) {
    const best = possible.reduce((first, next) => (isBetter(next, first) > 0 ? next : first));
    for (const pair of pairsOf(best)) missing.delete(pair);
    for (const value of Object.values(best)) uses.set(value, (uses.get(value) ?? 0) + 1);
    taken.push(best);
  }
  return possible.filter((cell) => taken.includes(cell)); // in the order of the list, as they are read in a table
}

export function pairsOf(cell: object): readonly string[] {
  const entries = Object.entries(cell).map(([dimension, value]) => `${dimension}=${value}`);
  return entries.flatMap((one, index) => entries.slice(index + 1).map((other) => `${one} ${other}`));
}
