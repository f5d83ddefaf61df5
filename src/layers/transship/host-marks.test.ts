import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readHostMarks, spansOf } from './host-marks.ts';

function outline(lines: readonly string[]): readonly string[] {
  const folder = mkdtempSync(join(tmpdir(), 'transship-marks-'));
  writeFileSync(join(folder, 'marks.log'), lines.map((line, index) => `100.00000${index} ${line}\n`).join(''));
  const layers = spansOf(readHostMarks(folder), { host: 'a', role: 'source' });
  rmSync(folder, { recursive: true });
  return layers.flatMap(({ spans }) =>
    spans.map(({ name, startNs, endNs, attributes, error }) => {
      const at = [startNs, endNs].map((ns) => Number(ns - 100_000_000_000n) / 1e3).join('-');
      return `${name} ${at} ${attributes['migration.iteration'] ?? ''}${error ?? ''}`.trimEnd();
    }),
  );
}

/*
 * 0├pre-dump 1┤1 3├send┤4   5├pre-dump 2┤6 …   8├runc.checkpoint┤9
 */
test('rounds of a pre-copy are spans of their own, numbered; the dump is one', () => {
  const round = (number: number) => [
    `pre-dump.begin ${number}`,
    'pre-dump.runc-end 0',
    `pre-dump.pages ${number} 5 0 100`,
    `pre-dump.send ${number}`,
    `pre-dump.sent ${number} 20480`,
  ];
  expect(outline([...round(1), ...round(2).slice(0, 2)])).toEqual([
    'source.send-round 3-4 1',
    'runc.pre-dump 0-1 1',
    'runc.pre-dump 5-6 2',
  ]);
  expect(outline(['dump.begin', 'dump.freeze', 'dump.frozen', 'dump.runc-end'])).toEqual([
    'source.freeze 1-2',
    'runc.checkpoint 0-3',
    'runc.checkpoint.prepare 0-1',
  ]);
});

test('a round that failed says so, and one that never ended is left out', () => {
  expect(outline(['pre-dump.begin 1', 'pre-dump.runc-end 1'])).toEqual(['runc.pre-dump 0-1 1exit status 1']);
  expect(outline(['pre-dump.begin 1'])).toEqual([]);
});
