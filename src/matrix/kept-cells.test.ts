import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import type { CellResult } from './cells.ts';
import { openKeptCells } from './kept-cells.ts';

const root = mkdtempSync(join(tmpdir(), 'cells-'));
afterAll(() => rmSync(root, { recursive: true }));

const result: CellResult = {
  ...{ kernel: '6.12', packages: 'debian13', versions: null, phases: [], failures: [], run: null, endedNs: '1' },
};

test('a result is found again, under its own test; one matrix at a time', () => {
  {
    using kept = openKeptCells(root, []);
    expect(kept.read(result)).toBeNull();
    mkdirSync(kept.folderOf(result), { recursive: true });
    kept.write(result);
    expect(kept.read(result)).toEqual(result);
    expect(() => openKeptCells(root, [])).toThrow(expect.objectContaining({ code: 'not-ready' }));
  }
  using other = openKeptCells(root, ['migrate', '--strategy', 'cold']);
  expect(other.read(result)).toBeNull();
});
