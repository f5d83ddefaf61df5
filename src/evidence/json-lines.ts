import { appendFileSync, closeSync, existsSync, fstatSync, ftruncateSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { TransshipError } from '../error.ts';
import { checked, damagedHint, type Schema } from './checked.ts';

/**
 * Appends one record as one line, by one write, so that a killed process leaves whole lines. What a full disk took of it is taken
 * back: with a later line behind it, it would be damage.
 */
export function appendRecord(file: string, record: object): void {
  mkdirSync(dirname(file), { recursive: true });
  const fd = openSync(file, 'a');
  const { size } = fstatSync(fd);
  try {
    appendFileSync(fd, `${JSON.stringify(record)}\n`);
  } catch (error) {
    ftruncateSync(fd, size);
    throw error;
  } finally {
    closeSync(fd);
  }
}

/**
 * All records of a file; none when there is no file. A last line that was cut short (a killed writer) is left out.
 * @throws TransshipError `input` with file, line and field when another line is no JSON object, or not of the schema
 */
export function readRecords<T extends object>(file: string, schema: Schema<T>): readonly T[] {
  return readObjects(file).map((object, index) => {
    const found = checked(schema, object);
    if ('value' in found) return found.value;
    throw damaged(file, index + 1, found.wrong);
  });
}

/**
 * The same of a file in which nothing but objects is sure to be.
 * @throws TransshipError `input` with file and line when a line is no JSON object
 */
export function readObjects(file: string): readonly object[] {
  if (!existsSync(file)) return [];
  const text = readFileSync(file, 'utf8');
  const lines = text.split('\n');
  lines.pop(); // the empty rest after the last newline, or a line cut short
  return lines.map((line, index) => {
    try {
      return objectOf(JSON.parse(line));
    } catch (cause) {
      throw damaged(file, index + 1, (cause as Error).message, cause);
    }
  });
}

function damaged(file: string, line: number, what: string, cause?: unknown): TransshipError {
  return new TransshipError('input', `${file}:${line}: ${what}`, damagedHint, { cause });
}

function objectOf(value: unknown): object {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value;
  throw new Error('JSON, but no record');
}
