import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { packageRoot } from '../../evidence/run-folder.ts';
import { decodeImage, imageKindOf } from './image-file.ts';
import { type NamedImage, summariseImages } from './image-summary.ts';

const folder = join(packageRoot(), 'test/recorded/images/tcp');

function imagesIn(path: string): readonly NamedImage[] {
  return readdirSync(path).flatMap((name) => {
    const bytes = readFileSync(join(path, name));
    return imageKindOf(bytes) === null ? [] : [{ name, ...decodeImage(name, bytes) }];
  });
}

/** perl that listens, has accepted one connection and has a child; `criu dump --tcp-established`, CRIU 4.2.1. */
describe('images of a process with a TCP connection', () => {
  const summary = summariseImages(imagesIn(folder));

  test('processes, threads, names, memory by kind, pages', () => {
    expect(summary.processes?.map(({ pid, parentPid, threads, comm }) => [pid, parentPid, threads, comm])).toEqual([
      [17, 0, 1, 'perl'],
      [19, 17, 1, 'perl'],
    ]);
    const [perl] = summary.processes ?? [];
    expect(Object.keys(perl?.mappedBytes ?? {}).sort()).toEqual(
      expect.arrayContaining(['anonymous', 'heap', 'private file', 'stack', 'vdso']),
    );
    expect(perl?.pages).toMatchObject({ lazy: 0, parent: 0 });
    expect(perl?.pages?.written).toBeGreaterThan(100);
  });

  test('open files, sockets, connections', () => {
    expect(summary.openFiles).toMatchObject({ 'inet socket': 2, pipe: 3 });
    expect(summary.sockets).toEqual([
      { protocol: 'tcp', state: 'listening', local: '127.0.0.1:7799', remote: '0.0.0.0:0' },
      { protocol: 'tcp', state: 'established', local: '127.0.0.1:7799', remote: expect.stringMatching(/^127\.0\.0\.1:\d{4,5}$/) },
    ]);
    expect(summary.tcpStreams).toHaveLength(1);
    expect(summary.runId).toMatch(/^[\da-f-]{36}$/);
    expect(summary.mounts).toBeNull();
  });

  test('without pstree.img the processes are not known, which is not none', () => {
    const rest = imagesIn(folder).filter(({ kind }) => kind !== 'pstree');
    expect(summariseImages(rest).processes).toBeNull();
  });
});

describe('an image that was cut is an error with its offset, wherever it was cut', () => {
  test.each(readdirSync(folder).filter((name) => imageKindOf(readFileSync(join(folder, name))) !== null))('%s', (name) => {
    const bytes = readFileSync(join(folder, name));
    const whole = decodeImage(name, bytes).entries.length;
    for (let length = 8; length < bytes.byteLength; length += 1) {
      try {
        // only a cut between two entries can look like a whole
        expect(decodeImage(name, bytes.subarray(0, length)).entries.length).toBeLessThan(whole);
      } catch (error) {
        expect((error as Error).message).toMatch(new RegExp(`^${name}: offset \\d+: (?:cut|no )`));
      }
    }
  });
});

test('other files are no images', () => {
  expect(imageKindOf(Buffer.from('(00.000001) x'))).toBeNull();
  expect(() => decodeImage('f', Buffer.from('(00.000001) x'))).toThrow('f: offset 0: no image of CRIU');
});
