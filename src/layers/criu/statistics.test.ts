import fc from 'fast-check';
import { expect, test } from 'vitest';
import { readRecorded } from '../../../test/recorded/criu-cases.ts';
import { TransshipError } from '../../error.ts';
import { decodeStatistics, isGarbage } from './statistics.ts';

const bytes = readRecorded('c-redis200', 'stats-dump');

test('the numbers are those that crit prints', () => {
  expect(decodeStatistics('stats-dump', bytes)).toEqual({
    kind: 'dump',
    values: expect.objectContaining({
      freezing_time: 100_836,
      frozen_time: 195_198,
      memdump_time: 104_331,
      pages_written: 56_700,
    }),
  });
  expect(decodeStatistics('stats-restore', readRecorded('c-redis200', 'stats-restore')).values.restore_time).toBe(218_768);
});

test.each([
  [0, /^f: offset 0: not a CRIU statistics file/],
  [7, /^f: offset 0: not a CRIU statistics file/],
  [10, /^f: offset 10: cut in its header/],
  [30, /^f: offset 30: cut: \d+ bytes were written/],
])('cut after %i bytes', (length, message) => {
  const decode = () => decodeStatistics('f', bytes.subarray(0, length));
  expect(decode).toThrow(TransshipError);
  expect(decode).toThrow(message);
});

test('whatever the bytes are, the error is ours', () => {
  const byteAt = fc.tuple(fc.nat(bytes.length - 1), fc.integer({ min: 0, max: 255 }));
  fc.assert(
    fc.property(fc.array(byteAt, { maxLength: 8 }), (changes) => {
      const mutated = Buffer.from(bytes);
      for (const [at, value] of changes) mutated[at] = value;
      try {
        decodeStatistics('f', mutated);
      } catch (error) {
        expect(error).toBeInstanceOf(TransshipError);
      }
    }),
  );
});

test('those of a lazy dump are recognised as garbage, those of others are not', () => {
  expect(isGarbage(decodeStatistics('f', readRecorded('f-lazy', 'src-stats-dump')))).toBe(true);
  expect(isGarbage(decodeStatistics('f', bytes))).toBe(false);
});
