import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isAlive, startTime } from '../../vm/process-identity.ts';
import { TransshipError } from '../error.ts';
import type { Cell, CellResult } from './cells.ts';

/** Where a matrix keeps what it has found, so that another one goes on from there. */
export interface KeptCells {
  /** Of one cell's own: its result, what was printed, its evidence. */
  folderOf(cell: Cell): string;
  /** Null for a cell that was not played to its end. */
  read(cell: Cell): CellResult | null;
  write(result: CellResult): void;
  /** For the names of sets of hosts: of this folder alone. */
  readonly tag: string;
  [Symbol.dispose](): void;
}

const resultFile = 'cell.json';

/**
 * Opens a folder of results; those of another test lie beside them. One matrix at a time.
 * @throws TransshipError `not-ready` while another one plays there
 */
export function openKeptCells(root: string, words: readonly string[]): KeptCells {
  mkdirSync(root, { recursive: true });
  const lock = lockFolder(root);
  const test = words.length === 0 ? 'own' : digest(JSON.stringify(words));
  const folderOf = ({ kernel, packages }: Cell): string => join(root, test, `${kernel}-${packages}`);
  return {
    folderOf,
    read: (cell) => {
      const file = join(folderOf(cell), resultFile);
      return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as CellResult) : null;
    },
    write: (result) => {
      const file = join(folderOf(result), resultFile);
      writeFileSync(`${file}.new`, `${JSON.stringify(result, null, 2)}\n`);
      renameSync(`${file}.new`, file);
    },
    tag: digest(root),
    [Symbol.dispose]: () => rmSync(lock, { force: true }),
  };
}

function lockFolder(root: string): string {
  const file = join(root, 'player');
  const [pid, start] = existsSync(file) ? readFileSync(file, 'utf8').trim().split(' ') : [];
  if (pid !== undefined && isAlive(Number(pid), start ?? ''))
    throw new TransshipError(
      'not-ready',
      `${root}: process ${pid} plays a matrix there`,
      'wait for it, or name another --state FOLDER',
    );
  writeFileSync(file, `${process.pid} ${startTime(process.pid)}\n`);
  return file;
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 6);
}
