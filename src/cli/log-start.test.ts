import { expect, test } from 'vitest';
import { parseLogStart, startsOf } from './log-start.ts';

test.each([
  ['2026-11-23T22:22:51Z', null, 1_795_472_571_500_000_000n, 500_000_000n],
  ['2026-11-23T23:22:51.348+01:00', null, 1_795_472_571_348_500_000n, 500_000n],
  ['x/dump.log=2026-11-23 22:22:51.348433374Z', 'x/dump.log', 1_795_472_571_348_433_374n, 0n],
])('%s', (text, file, zeroNs, boundNs) => {
  expect(parseLogStart(text)).toEqual({ file, zeroNs, boundNs });
});

test.each(['yesterday', '2026-11-23', '2026-11-23T22:22:51', 'a=', ''])('%j is refused, with an example', (text) => {
  expect(() => parseLogStart(text)).toThrow(
    expect.objectContaining({ code: 'usage', hint: expect.stringContaining('--at 2026') }),
  );
});

test('a start is of one log', () => {
  const start = parseLogStart('2026-11-23T22:22:51Z');
  expect([...startsOf([start], ['a/dump.log']).keys()]).toEqual(['a/dump.log']);
  expect([...startsOf([{ ...start, file: 'restore.log' }], ['a/dump.log', 'a/restore.log']).keys()]).toEqual(['a/restore.log']);
  expect(() => startsOf([start], ['a', 'b'])).toThrow('which of 2 logs');
  expect(() => startsOf([{ ...start, file: 'c' }], ['a', 'b'])).toThrow("'c' names 0 logs");
});
