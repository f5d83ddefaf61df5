import { mkdirSync, rmSync } from 'node:fs';
import { TransshipError } from '../error.ts';
import { playCell } from './cell.ts';
import type { CellRequest } from './cell-request.ts';
import type { Cell, CellResult, UnplayedCell } from './cells.ts';
import type { KeptCells } from './kept-cells.ts';

export interface MatrixRequest extends Pick<CellRequest, 'words' | 'isSaved' | 'program' | 'signal'> {
  readonly cells: readonly Cell[];
  readonly kept: KeptCells;
  /** Cells that were played before are played again. */
  readonly isAgain: boolean;
  readonly atOnce: number;
  readonly runNameOf: (cell: Cell) => string;
  readonly keep: (runName: string, archive: string) => ReturnType<CellRequest['keep']>;
  readonly say: (line: string) => void;
  readonly onResult: (result: CellResult | UnplayedCell) => void;
}

/**
 * Plays all cells, some at a time, and keeps what became of each.
 * @returns in the order of the cells
 * @throws TransshipError `interrupted`: those that are through are kept, of the others nothing is left
 */
export async function playCells(request: MatrixRequest): Promise<readonly (CellResult | UnplayedCell)[]> {
  const { cells, atOnce, signal } = request;
  const results = new Map<Cell, CellResult | UnplayedCell>();
  const waiting = [...cells];
  const work = async (place: number): Promise<void> => {
    for (let cell = waiting.shift(); cell !== undefined && !signal.aborted; cell = waiting.shift()) {
      const result = await oneCell(cell, place, request);
      if (result !== null) results.set(cell, result);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, (_, place) => work(place + 1)));
  if (signal.aborted)
    throw new TransshipError(
      'interrupted',
      `interrupted after ${results.size} of ${cells.length} cells`,
      'the same command goes on from there',
    );
  return cells.flatMap((cell) => results.get(cell) ?? []);
}

/** Null when it was interrupted. */
async function oneCell(cell: Cell, place: number, request: MatrixRequest): Promise<CellResult | UnplayedCell | null> {
  const { kept, words, isSaved, program, signal, say, onResult, isAgain } = request;
  const before = isAgain ? null : kept.read(cell);
  if (before !== null) return before;
  const folder = kept.folderOf(cell);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const runName = request.runNameOf(cell);
  try {
    const result = await playCell(cell, {
      ...{ set: `matrix-${kept.tag}-${place}`, words, isSaved, program, folder, runName, signal },
      say: (line) => say(`${cell.kernel} ${cell.packages}: ${line}`),
      keep: (archive) => request.keep(runName, archive),
    });
    // a machine that did not come up may have had a busy machine under it: it is tried again
    if (result.versions !== null) kept.write(result);
    onResult(result);
    return result;
  } catch (error) {
    if (signal.aborted) return null;
    const unplayed = { ...cell, why: (error as Error).message };
    onResult(unplayed);
    return unplayed;
  }
}
