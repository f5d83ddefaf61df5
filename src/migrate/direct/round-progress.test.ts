import { describe, expect, test } from 'vitest';
import { readRound } from './round-marks.ts';
import { arrivalLine, bytesPerSecond, roundLine, sendingLine } from './transfer-progress.ts';

const marks = `1795.000001 pre-dump.begin 2
1795.400000 pre-dump.runc-end 0
1795.400100 pre-dump.pages 2 1107 4762 58541
1795.400200 pre-dump.send 2
1795.500000 pre-dump.sent 2 4534272
`;

describe('what the script printed of a round', () => {
  test('is read', () => {
    expect(readRound('x', marks)).toEqual({ pagesWritten: 1107, pagesSkipped: 4762, frozenUs: 58_541, bytes: 4_534_272 });
  });

  test('its own words are the message when it failed', () => {
    const failed = `${marks.split('\n')[0]}\n1795.4 pre-dump.failed runc checkpoint --pre-dump: CRIU is missing features\n`;
    expect(() => readRound('pre-dump 2 on a', failed)).toThrow(
      'pre-dump 2 on a: runc checkpoint --pre-dump: CRIU is missing features',
    );
  });

  test.each(['', marks.slice(0, 90), marks.slice(0, -40)])('cut short it is no round: %j', (text) => {
    expect(() => readRound('pre-dump 2 on a', text)).toThrow('pre-dump 2 on a: it ended before its time');
  });
});

describe('progress', () => {
  const samples = [0, 500, 1000, 1500, 2000].map((atMs, index) => ({ atMs, bytes: index * 4_000_000 }));

  test('MB/s are those of the last second', () => {
    const slower = { atMs: 3000, bytes: 17_000_000 };
    expect([bytesPerSecond(samples), bytesPerSecond([...samples, slower])]).toEqual([8_000_000, 1_000_000]);
  });

  test('with one sample, or none, there is no rate', () => {
    expect([bytesPerSecond([]), bytesPerSecond(samples.slice(0, 1))]).toEqual([null, null]);
    expect(sendingLine(1, samples.slice(0, 1))).toBe('round 1: 0.0 MB sent');
  });

  test('a round: while it goes on, and when it is over', () => {
    expect(sendingLine(1, samples)).toBe('round 1: 16.0 MB sent, 8.0 MB/s');
    expect(roundLine(1, { pagesWritten: 5868, pagesSkipped: 0, bytes: 24_035_328, durationMs: 2000 })).toBe(
      'round 1: 5868 pages, 24.0 MB, 12.0 MB/s',
    );
    expect(roundLine(2, { pagesWritten: 1107, pagesSkipped: 4762, bytes: 4_534_272, durationMs: 500 })).toBe(
      'round 2: 1107 pages, 4.5 MB, 9.1 MB/s, about 1107 of 5869 pages left',
    );
  });

  test('the time after a post-copy move: never more pages than there are', () => {
    expect(arrivalLine(samples, 10_000)).toBe('memory: 3906 of 10000 pages have come, 16.0 MB, 8.0 MB/s');
    expect(arrivalLine(samples, 3900)).toBe('memory: 3900 of 3900 pages have come, 16.0 MB, 8.0 MB/s');
    expect(arrivalLine([], null)).toBe('memory: 0 pages have come, 0.0 MB');
  });
});
