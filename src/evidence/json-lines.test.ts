import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readObjects, readRecords } from './json-lines.ts';
import { apiRecord } from './record-schemas.ts';
import { packageRoot } from './run-folder.ts';

test('a record that does not fit on the disk leaves no half line for the next one to follow', () => {
  const folder = mkdtempSync(join(tmpdir(), 'transship-test-'));
  const file = join(folder, 'x.jsonl');
  const module = join(packageRoot(), 'dist/src/evidence/json-lines.js');
  // a limit of 1 kB on the size of files stands for a full disk: it, too, takes the part that fits
  const program = `
    const { appendRecord } = await import(${JSON.stringify(module)});
    process.on('SIGXFSZ', () => {});
    for (const text of ['first', 'x'.repeat(3000), 'last']) try { appendRecord(${JSON.stringify(file)}, { text }); } catch {}`;
  try {
    execFileSync('bash', ['-c', 'ulimit -f 1; exec "$@"', '-', process.execPath, '--input-type=module', '-e', program]);
    expect(readFileSync(file, 'utf8')).toBe('{"text":"first"}\n{"text":"last"}\n');
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test.each(['null', '7', '"text"', '[{}]'])('a line of JSON that is no record is named by its place: %s', (line) => {
  const folder = mkdtempSync(join(tmpdir(), 'transship-test-'));
  try {
    const file = join(folder, 'x.jsonl');
    writeFileSync(file, `{"a":1}\n${line}\n`);
    expect(() => readObjects(file)).toThrow(`${file}:2: JSON, but no record`);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

const api = { method: 'GET', path: '/x', status: 200, startNs: '1', endNs: '2', error: null };

test.each([
  [{ ...api, startNs: 1 }, 'startNs: Invalid input: expected string, received number'],
  [{ ...api, endNs: 'soon' }, 'endNs: nanoseconds as a decimal string'],
  [{ method: 'GET' }, 'path: Invalid input: expected string, received undefined (and 4 more)'],
])('a value of another type is named by file, line and field, with a hint: %j', (record, what) => {
  const folder = mkdtempSync(join(tmpdir(), 'transship-test-'));
  try {
    const file = join(folder, 'api.jsonl');
    writeFileSync(file, `${JSON.stringify(api)}\n${JSON.stringify(record)}\n`);
    const read = () => readRecords(file, apiRecord);
    expect(read).toThrow(`${file}:2: ${what}`);
    expect(read).toThrow(expect.objectContaining({ code: 'input', hint: expect.stringMatching(/damaged/) }));
  } finally {
    rmSync(folder, { recursive: true });
  }
});
