import { describe, expect, test } from 'vitest';
import { nsPerMs } from '../trace/time.ts';
import { parseTickerGaps, readTicker } from './ticker.ts';

const ms = (value: number): bigint => BigInt(value) * nsPerMs;
const same = { offsetNs: 0n, boundNs: 0n };
const base = { container: 'web', host: 'b', window: { startNs: ms(1_000), endNs: ms(9_000) }, source: same, destination: same };
const line = (last: number, first: number): string => `${ms(last)} ${ms(first)}\n`;

describe('the gap of the move', () => {
  test('is the longest one in the window, not one before it', () => {
    const { reading, record } = readTicker({ ...base, text: line(100, 900) + line(2_000, 2_030) + line(3_000, 3_400) });
    expect(reading).toMatchObject({
      kind: 'ticker',
      gapUs: 400_000,
      gapStartNs: `${ms(3_000)}`,
      resolutionUs: 1_000,
      note: null,
    });
    expect(record).toMatchObject({ lastBeforeNs: `${ms(3_000)}`, firstAfterNs: `${ms(3_400)}` });
  });

  // controller  |----3000=========3400----|
  // source     +100 ms: last  = 3100
  // destination -50 s:  first = -46600: the file's line runs backwards
  test('is taken with the clock of each host', () => {
    const text = `${line(2_100, 2_130)}${ms(103_100)} ${ms(53_400)}\n`;
    const clocks = { source: { offsetNs: ms(100), boundNs: ms(1) }, destination: { offsetNs: ms(-50_000), boundNs: ms(2) } };
    const window = { startNs: ms(101_000), endNs: ms(109_000) };
    const { reading } = readTicker({ ...base, text, ...clocks, window });
    expect(reading).toMatchObject({
      gapUs: 400_000,
      gapStartNs: `${ms(103_000)}`,
      gapEndNs: `${ms(103_400)}`,
      resolutionUs: 4_000,
    });
  });

  test('without one, nothing is made up', () => {
    const { reading, record } = readTicker({ ...base, text: line(100, 900) });
    expect(reading).toMatchObject({ gapUs: null, note: 'no gap of 20 ms or more among 1 in /run/ticker/gaps' });
    expect(record).toBeNull();
  });

  test('one that began before the window is told as such', () => {
    const { reading } = readTicker({ ...base, text: line(500, 2_000) });
    expect(reading).toMatchObject({ gapUs: 1_500_000, note: 'the gap reaches out of the migration' });
  });
});

test.each([
  ['', 0, 0],
  ['cat: /run/ticker/gaps: No such file or directory', 0, 1],
  ['1 2\n17', 1, 1],
  ['1 2\n\0\xff 3 4\n5 6\n', 2, 1],
])('a damaged file %j: %i gaps, %i lines left out', (text, gaps, malformed) => {
  const parsed = parseTickerGaps(text);
  expect([parsed.gaps.length, parsed.malformed]).toEqual([gaps, malformed]);
});
