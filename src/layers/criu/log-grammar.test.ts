import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readRecorded } from '../../../test/recorded/criu-cases.ts';
import { failureOf } from './failure.ts';
import { digestLog } from './log-digest.ts';
import { parseLine, parseLog } from './log-grammar.ts';
import { treeOf } from './log-tree.ts';

describe('the forms of a line', () => {
  test.each([
    ['(00.028470) Dumping processes (pid: 70 comm: sh)', { us: 28470, lane: null, text: 'Dumping processes (pid: 70 comm: sh)' }],
    ['(00.003331)      1: timens: monotonic', { us: 3331, lane: 1, isPie: false, text: 'timens: monotonic' }],
    ['(00.031625) pie: 16: 16: Restored', { us: 31625, lane: 16, isPie: true, text: '16: Restored' }],
    ['(00.031)pie: 16: old', { us: 31000, lane: 16, isPie: true, text: 'old' }], // before 3.9
    ['(258.98866)    515: Advanced iov', { us: 258988660, lane: 515, text: 'Advanced iov' }], // digit lost, 3.18 and later
    ['(100.123456 Dumping', { us: 100123456, lane: null, text: 'Dumping' }], // bracket lost, up to 3.17.1
    ['(429496729) after a step of the clock', { us: null, text: 'after a step of the clock' }],
    ['pie: 1: __sent ack msg: 2 2 0', { us: null, lane: 1, isPie: true, text: '__sent ack msg: 2 2 0' }],
    ['task_args->nr_threads: 1', { us: null, lane: null, text: 'task_args->nr_threads: 1' }],
    ['(00.129075) ', { us: 129075, text: '' }],
    ['(258', { us: null, text: '(258' }],
    [
      '(00.002462)    478: Error (criu/pagemap.c:242): no fd',
      { lane: 478, level: 'error', source: 'criu/pagemap.c:242', text: 'no fd' },
    ],
    ['Warn  (criu/config.c:1063): ignored', { us: null, level: 'warn', source: 'criu/config.c:1063', text: 'ignored' }],
    ['(00.103629) 171 was trapped', { lane: null, text: '171 was trapped' }],
    ['(00.1) 70: cache', { us: null }],
  ])('%s', (raw, expected) => {
    expect(parseLine('f', 1, raw)).toMatchObject(expected);
  });

  test('a line without an end is cut and bounded, a last line without newline is marked', () => {
    const lines = [...parseLog('f', [Buffer.alloc(1_000_000, 'x'), Buffer.from('\n(00.000001) a\r\n(00.00')])];
    expect(lines.map(({ line, text, isCut }) => [line, text.length, isCut])).toEqual([
      [1, 65_536, false],
      [2, 1, false],
      [3, 6, true],
    ]);
  });
});

describe('however the bytes come', () => {
  const bytes = readRecorded('g-rst-script-fail', 'restore.log');
  const whole = treeOf(digestLog('f', [bytes]));

  test.each([1, 7, 4096])('in chunks of %i bytes, the tree is the same', (size) => {
    expect(treeOf(digestLog('f', chunksOf(bytes, size)))).toEqual(whole);
  });

  const recordings = [bytes, readRecorded('g-dump-script-fail', 'dump.log'), readRecorded('f-lazy', 'dst-lazy-pages.log')];

  test.each(recordings.map((recording, index) => ({ index, recording })))(
    'mutated (recording $index), phases stay within the log',
    ({ recording }) => {
      const edits = fc.array(fc.tuple(fc.nat(recording.length - 1), fc.nat(400), fc.uint8Array({ maxLength: 60 })), {
        maxLength: 12,
      });
      fc.assert(
        fc.property(edits, fc.nat(recording.length), (changes, length) => {
          let mutated = recording.subarray(0, length);
          for (const [at, drop, put] of changes)
            mutated = Buffer.concat([mutated.subarray(0, at), put, mutated.subarray(at + drop)]);
          const digest = digestLog('f', [mutated]);
          failureOf(digest);
          const tree = treeOf(digest);
          for (const node of tree?.children ?? []) expect(node.startUs <= node.endUs && node.endUs <= digest.endUs).toBe(true);
        }),
        { numRuns: 60 },
      );
    },
  );

  test('lines of the whole recording in any order do no harm', () => {
    const lines = recordings.flatMap((recording) => recording.toString('latin1').split('\n'));
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...lines), { maxLength: 300 }), (some) => {
        const digest = digestLog('f', [Buffer.from(some.join('\n'), 'latin1')]);
        expect(treeOf(digest)?.endUs ?? digest.endUs).toBe(digest.endUs);
      }),
      { numRuns: 60 },
    );
  });
});

function* chunksOf(bytes: Uint8Array, size: number): Generator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}
