import { describe, expect, test } from 'vitest';
import { readCase, recordedCases } from '../../../test/recorded/criu-cases.ts';
import type { LogDigest } from './log-digest.ts';
import { readLines, type TransferLine, writtenLines } from './page-lines.ts';
import { spansOf } from './spans.ts';

const sum = (lines: readonly TransferLine[]): number => lines.reduce((all, { bytes }) => all + bytes, 0);
const logs = recordedCases.flatMap((name) => readCase(name).map((log) => ({ name, ...log })));
const none = { zeroNs: 0n, boundNs: 0n, means: 'none' } as const;

describe('bytes that a dump wrote, buffer by buffer', () => {
  const dumps = logs.filter(({ digest, statistics }) => digest.kind === 'dump' && statistics?.kind === 'dump');

  test('of CRIU 4.1 and 4.2 alike: all or none, and all is what the statistics count', () => {
    const told = dumps.filter(({ digest, statistics }) => writtenLines(digest, statistics).length > 0);
    expect(new Set(told.map(({ digest }) => digest.version))).toEqual(new Set(['4.1.1', '4.2.1']));
    for (const { digest, statistics } of told)
      expect(sum(writtenLines(digest, statistics))).toBe((statistics?.values.pages_written ?? 0) * 4096);
  });

  test('a buffer that is missing, or statistics that are: none', () => {
    const [one] = dumps.filter(({ digest, statistics }) => writtenLines(digest, statistics).length > 1);
    const { digest, statistics } = one as (typeof dumps)[number];
    const [first] = writtenLines(digest, statistics);
    const cut: LogDigest = { ...digest, marks: digest.marks.filter(({ line }) => line !== first?.line) };
    expect([writtenLines(cut, statistics), writtenLines(digest, null)]).toEqual([[], []]);
  });

  test('stand on the spans that write, and add up', () => {
    for (const log of dumps) {
      const all = sum(writtenLines(log.digest, log.statistics));
      const [layer] = spansOf({ host: 'a', parents: [], warnings: [], logs: [{ ...log, name: 'dump.log', anchor: none }] });
      const parts = layer?.spans.filter(({ name }) => /^criu\.dump\.(?:memory\.write|shared-memory)$/.test(name)) ?? [];
      const bytes = parts.reduce((whole, { attributes }) => whole + Number(attributes['migration.bytes'] ?? 0), 0);
      expect([log.name, bytes]).toEqual([log.name, all]);
    }
  });
});

test('bytes that restored tasks read in bulk: no more than all pages that were restored', () => {
  const restores = logs.filter(({ digest, statistics }) => digest.kind === 'restore' && statistics?.kind === 'restore');
  const told = restores.filter(({ digest }) => readLines(digest).length > 0);
  expect(told.length).toBeGreaterThan(5);
  for (const { name, digest, statistics } of told) {
    const most = (statistics?.values.pages_restored ?? 0) * 4096;
    expect([name, sum(readLines(digest)) > 0 && sum(readLines(digest)) <= most]).toEqual([name, true]);
  }
});
