import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { runWithNothing } from '../../test/run-with-nothing.ts';

test('the document is all that stdout gets, and all that the file gets', async () => {
  using runs = runWithNothing();
  const { stdout, stderr, exitCode } = await runs.transship(['export', 'r1', '--to', 'jaeger-json']);
  expect({ stderr, exitCode }).toEqual({ stderr: '', exitCode: 0 });
  expect(JSON.parse(stdout).data[0].traceID).toBe('ab'.repeat(16));
  const written = await runs.transship(['export', 'r1', '--to', 'jaeger-json', '-o', 'a-file']);
  expect(written).toMatchObject({ stdout: '', stderr: '', exitCode: 0 });
  expect(readFileSync(join(runs.root, 'a-file'), 'utf8')).toBe(`${stdout}\n`);
});

test.each([
  [
    ['r1', '--to', 'svg'],
    2,
    'error: --to svg: no such format\n  hint: one of: otlp-json, jaeger-json, chrome, csv, folded, gobench',
  ],
  [['r1'], 2, "error: required option '--to <format>' not specified"],
  [['r1', '--to', 'chrome', '-o', 'no/file'], 1, 'error: no/file: cannot be written (ENOENT: no such file or directory'],
  [['r1', '--to', 'chrome', '-o', '/dev/full'], 1, 'error: /dev/full: cannot be written (ENOSPC: no space left on device'],
  [['nope', '--to', 'chrome'], 4, "error: no run 'nope' in "],
])('%j fails, and leaves nothing', async (args, status, message) => {
  using runs = runWithNothing();
  const before = readdirSync(runs.root);
  const { stdout, stderr, exitCode } = await runs.transship(['export', ...args]);
  expect({ stdout, exitCode }).toEqual({ stdout: '', exitCode: status });
  expect(stderr).toContain(message);
  expect(readdirSync(runs.root)).toEqual(before);
});
