import { describe, expect, test } from 'vitest';
import { readRecorded } from '../../../test/recorded/criu-cases.ts';
import { digestPatterns } from './digest-patterns.ts';
import { portableText, textOf } from './line-bytes.ts';
import { filterOf, mayMatch } from './line-filter.ts';
import { readHead } from './line-head.ts';
import { parseLine } from './log-grammar.ts';
import { fetchPatterns } from './page-fetches.ts';

/** The quick half of the digest reads bytes, and must say what the patterns say. */
const recordings = [
  ['b-children10', 'restore.log'],
  ['b-children10', 'dump.log'],
  ['f-lazy', 'dst-lazy-pages.log'],
  ['g-rst-truncated-pages', 'restore.log'],
  ['q-precopy-hot', 'p2/dump.log'],
  ['v-tiny-cli-v2', 'dump.log'],
] as const;

const forms = [
  '(100.123456 msg',
  '(258.98866)    515: Advanced iov 0 bytes',
  '(429496729) late',
  '(00.031)pie: 16: old',
  '(00.000001) 171 was trapped',
  '(00.000001)  12345678: long lane',
  '(00.000001)      7:none',
  '(00.000001) pie: x',
  '(00.000001) ',
  '(0.1) x',
  'pie: 1: __sent ack msg: 2 2 0',
  '',
];

const filter = filterOf(digestPatterns());

describe.each([...recordings, ['forms', forms.join('\n')]] as const)('%s/%s', (name, file) => {
  const lines = name === 'forms' ? file.split('\n') : readRecorded(name, file).toString('latin1').split('\n');

  test('a head read from bytes is the one that the grammar reads', () => {
    let usual = 0;
    for (const raw of lines) {
      const bytes = Buffer.from(raw, 'latin1');
      const head = { us: 0, lane: 0, isPie: false, textAt: 0 };
      if (!readHead({ bytes, start: 0, end: bytes.length, isCut: false }, head)) continue;
      usual += 1;
      const { us, lane, isPie, text, level } = parseLine('f', 1, raw);
      const own = raw.slice(head.textAt).replace(/^(?:Error|Warn ) \([^()]+?:\d+\): /, '');
      expect([head.us < 0 ? null : head.us, head.lane < 0 ? null : head.lane, head.isPie, own], raw).toEqual([
        us,
        lane,
        isPie,
        text,
      ]);
      if (level !== null) expect(raw.slice(head.textAt)).toMatch(/^(?:Error|Warn )/);
    }
    expect(usual).toBeGreaterThan(0);
  });

  test('the filter lets everything through that a pattern matches, and little else', () => {
    let passed = 0;
    for (const { text } of lines.map((raw) => parseLine('f', 1, raw))) {
      const bytes = Buffer.from(text, 'latin1');
      const isLet = mayMatch(filter, bytes, 0, bytes.length);
      // those that are summed up are wanted
      if (isLet) passed += fetchPatterns.some((pattern) => pattern.test(text)) ? 0 : 1;
      else
        expect(
          digestPatterns().filter((pattern) => pattern.test(text)),
          text,
        ).toEqual([]);
    }
    // a log of the endless loop tells its symptom in every other line
    if (lines.length > 100 && name !== 'g-rst-truncated-pages') expect(passed / lines.length).toBeLessThan(0.4);
  });
});

test('text is the same without Buffer', () => {
  const bytes = Uint8Array.from({ length: 10_000 }, (_, index) => index % 256);
  expect(portableText(bytes, 3, 9000)).toBe(textOf(bytes, 3, 9000));
});
