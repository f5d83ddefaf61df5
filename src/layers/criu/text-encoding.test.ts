import { expect, test } from 'vitest';
import { readRecorded } from '../../../test/recorded/criu-cases.ts';
import { digestLog } from './log-digest.ts';
import { parseLine } from './log-grammar.ts';

const plain = readRecorded('g-rst-missing-file', 'restore.log');
const text = plain.toString('latin1');
const digest = digestLog('f', [plain]);

test.each([
  ['with a byte order mark', Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), plain])],
  ['in UTF-16', Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from(text, 'utf16le')])],
  ['in UTF-16, the other way round', Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from(text, 'utf16le')]).swap16()],
  ['with CRLF', Buffer.from(text.replaceAll('\n', '\r\n'), 'latin1')],
  ['as grep -n prints it', Buffer.from(text.replace(/^(?=\()/gm, '17:'), 'latin1')],
  ['as Kubernetes keeps it', Buffer.from(text.replace(/^(?=\()/gm, '2026-11-23T22:22:51.348433374+00:00 stdout F '), 'latin1')],
  ['from the journal', Buffer.from(text.replace(/^(?=\()/gm, 'Nov 23 22:22:51 node1 runc[77]: '), 'latin1')],
])('a log %s says the same', (_, bytes) => {
  const { bytes: size, ...same } = digest;
  expect(size).toBeGreaterThan(0);
  for (const cut of [bytes.byteLength, 1001])
    expect(digestLog('f', chunksOf(bytes, cut))).toEqual({ ...same, bytes: expect.any(Number) });
});

test('runc 1.3 quotes lines in messages of its own', () => {
  const raw = String.raw`time="2026-11-23T22:22:51Z" level=warning msg="563:(00.025531)      1: Error (criu/pagemap.c:557): can't \"read\"" id=x`;
  expect(parseLine('f', 1, raw)).toMatchObject({ us: 25531, lane: 1, level: 'error', text: 'can\'t "read"' });
});

function* chunksOf(bytes: Uint8Array, size: number): Generator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}
