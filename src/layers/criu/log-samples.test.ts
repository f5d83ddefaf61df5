import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { readLogSamples, zeroBySamples } from './log-samples.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'samples-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const lines = ['(00.010000) one', '(00.012000) two', '(00.013000) three', '(00.020000) four', ''];

test('what stands before a place was written by then, what stands after it later', () => {
  const log = join(folder, 'restore.log');
  writeFileSync(log, lines.join('\n'));
  writeFileSync(join(folder, 'marks.log'), '50.000500 runtime.criu\n100.012600 runtime.log-at 32 100.012500\ncut short 1');
  const samples = readLogSamples(folder);
  expect(samples).toEqual([{ bytes: 32, fromNs: 100_012_500_000n, toNs: 100_012_600_000n }]);
  // two of 16 bytes each are there: zero is 100.0126 - 0.012 at most, and 100.0125 - 0.013, less the delay of a write, at least
  expect(zeroBySamples(log, samples)).toEqual([{ startNs: 99_999_300_000n, endNs: 100_000_600_000n }]);
});

test.each([0, 1000])('a sample of %i bytes, before the first line or after the last, tells nothing', (bytes) => {
  const log = join(folder, 'restore.log');
  writeFileSync(log, lines.join('\n'));
  expect(zeroBySamples(log, [{ bytes, fromNs: 1n, toNs: 2n }])).toEqual([]);
});

test('no marks, no samples', () => {
  expect(readLogSamples(folder)).toEqual([]);
});
