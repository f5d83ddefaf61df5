import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseCalls } from './collect-watch.ts';

function written(words: readonly string[], pid = '634'): string {
  return ['call', pid, '282', '00-a-b-01', 'runc', String(words.length), ...words].map((word) => `${word}\0`).join('');
}

test('what the wrapper writes is read again, whatever the words', () => {
  const word = fc.oneof(fc.constantFrom('', 'call', '7', '\n'), fc.string()).map((text) => text.replaceAll('\0', ''));
  fc.assert(
    fc.property(fc.array(fc.array(word)), (calls) => {
      const read = parseCalls(calls.map((words) => written(words)).join(''), '');
      expect(read.map(({ argv }) => argv)).toEqual(calls);
    }),
  );
  const ids = { program: 'runc', pid: 634, parentPid: 282, argv: ['a', ''], traceparent: '00-a-b-01' };
  const unseen = { startNs: null, endNs: null, exitCode: null };
  expect(parseCalls(written(['a', '']), '')).toEqual([{ ...ids, ...unseen }]);
});

test.each([
  ['nothing', '', 0],
  ['the end is cut', written(['a', 'b']).slice(0, -3), 0],
  ['the second is cut', `${written(['a'])}${written(['b', 'c']).slice(0, 30)}`, 1],
  ['the first has lost its head', `${written(['a']).slice(20)}${written(['b'])}`, 1],
  ['a process id that is none', written([], 'now'), 0],
])('%s: what is whole is read', (_, text, count) => {
  expect(parseCalls(text, '')).toHaveLength(count);
});

test('what the watch noticed goes to the call of that process id, in order', () => {
  const noticed =
    'begin 634 1.000001\nbegin 7 1.5\nend 634 2.000002 0\nbegin 634 3.000003\nend 634 4.000004 143\nbegin 635 5.000005\nend 635 6.000006 -\n';
  const times = parseCalls(['634', '634', '635', '636'].map((pid) => written([], pid)).join(''), noticed);
  expect(times.map(({ startNs, endNs, exitCode }) => [startNs, endNs, exitCode])).toEqual([
    ['1000001000', '2000002000', 0],
    ['3000003000', '4000004000', 143],
    ['5000005000', '6000006000', null],
    [null, null, null],
  ]);
});
