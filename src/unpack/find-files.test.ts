import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type TarPart, tarOf } from '../../test/tar-bytes.ts';
import { packageRoot } from '../evidence/run-folder.ts';
import { findFiles } from './find-files.ts';

const archives = join(packageRoot(), 'test/recorded/archives');
const log = Buffer.from('(00.000000) Version: 4.1.1 (gitid 0)\n');
let root: string;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'transship-unpack-'));
  mkdirSync(join(root, 'in'));
  mkdirSync(join(root, 'out'));
});

afterEach(() => rmSync(root, { recursive: true }));

async function search(path: string) {
  const isWanted = (shown: string, head: Uint8Array) => /log[^/]*$|stats-|\.img$/.test(shown) || head[0] === 0x28;
  const found = await findFiles([{ path, shown: 'it', hasTimes: true }], { folder: join(root, 'out'), isWanted });
  return { ...found, shown: found.files.map(({ shown }) => shown) };
}

const put = (name: string, bytes: Uint8Array): string => {
  writeFileSync(join(root, 'in', name), bytes);
  return join(root, 'in', name);
};

describe('what an archive holds is found by content, under any name', () => {
  const tar = tarOf([
    { path: 'checkpoint/dump.log', content: log },
    { path: 'app/data.bin', content: Buffer.alloc(3000, 7) },
  ]);

  test.each([
    ['tar', tar, ['it/checkpoint/dump.log']],
    ['tar.gz', gzipSync(tar), ['it/checkpoint/dump.log']],
    ['gzip in gzip', gzipSync(gzipSync(log)), ['it']],
    ['gzip in tar', tarOf([{ path: 'dump.log.gz', content: gzipSync(log) }]), ['it/dump.log.gz']],
    ['tar in tar', tarOf([{ path: 'logs.tar', content: tar }]), ['it/logs.tar/checkpoint/dump.log']],
    ['zstd', readFileSync(join(archives, 'dump.log.zst')), ['it']],
    ['tar.zst', readFileSync(join(archives, 'logs.tar.zst')), ['it/dump.log', 'it/restore.log', 'it/stats-dump']],
  ])('%s', async (_, bytes, shown) => {
    const found = await search(put('any-name', bytes));
    expect([[...found.shown].sort(), found.warnings]).toEqual([shown, []]);
    expect(readFileSync(found.files[0]?.path as string, 'latin1')).toContain('(00.000000)');
  });

  test('an export of podman: its statistics and images, not its memory, nor the files of the container', async () => {
    const { shown } = await search(join(archives, 'podman-export.tar.gz'));
    expect(shown).toEqual(expect.arrayContaining(['it/stats-dump', 'it/ctr.log', 'it/checkpoint/pstree.img']));
    expect(shown.filter((name) => /pages-|tmpfs-|devshm/.test(name))).toEqual([]);
  });
});

describe('a hostile archive', () => {
  test.each<[string, readonly TarPart[], readonly string[]]>([
    ['leads out', [{ path: '../../../evil.log', content: log }], ['it/evil.log']],
    ['names the root', [{ path: '/etc/evil.log', content: log }], ['it/etc/evil.log']],
    [
      'links to the outside, and writes through the link',
      [
        { path: 'd', type: 'SymbolicLink', linkpath: '/' },
        { path: 'd/evil.log', content: log },
      ],
      ['it/d/evil.log'],
    ],
    [
      'holds a hard link and a device',
      [
        { path: 'passwd.log', type: 'Link', linkpath: '/etc/passwd' },
        { path: 'dev.log', type: 'CharacterDevice' },
        { path: 'dump.log', content: log },
      ],
      ['it/dump.log'],
    ],
  ])('that %s writes nothing outside its folder', async (_, parts, shown) => {
    const found = await search(put('a.tar', tarOf(parts)));
    expect(found.shown).toEqual(shown);
    expect(readdirSync(root).sort()).toEqual(['in', 'out']);
    expect(readdirSync(join(root, 'out'))).toEqual(['1']);
    expect(existsSync('/etc/evil.log')).toBe(false);
  });

  test('a link called parent is read, not followed', async () => {
    const { parents } = await search(
      put(
        'a.tar',
        tarOf([
          { path: 'p2/parent', type: 'SymbolicLink', linkpath: '../p1' },
          { path: 'x.log', content: log },
        ]),
      ),
    );
    expect(parents).toEqual([{ folder: 'it/p2', target: '../p1' }]);
    mkdirSync(join(root, 'in/p3'));
    symlinkSync('/etc', join(root, 'in/p3/parent'));
    const folder = await search(join(root, 'in/p3'));
    expect([folder.shown, folder.parents]).toEqual([[], [{ folder: 'it', target: '/etc' }]]);
  });

  test('of zeros that were packed a thousandfold is gone through without keeping it', async () => {
    const bomb = gzipSync(
      tarOf([
        { path: 'zeros.bin', content: Buffer.alloc(50_000_000) },
        { path: 'dump.log', content: log },
      ]),
    );
    expect(bomb.byteLength).toBeLessThan(100_000);
    const found = await search(put('bomb.tgz', bomb));
    expect([found.shown, readdirSync(join(root, 'out'))]).toEqual([['it/dump.log'], ['1']]);
  });

  test('archives in archives end somewhere', async () => {
    let bytes: Buffer = log;
    for (let depth = 0; depth < 6; depth += 1) bytes = tarOf([{ path: 'a.log', content: bytes }]);
    const { shown, warnings } = await search(put('deep.tar', bytes));
    expect([shown, warnings]).toEqual([[], ['it/a.log/a.log/a.log: an archive in 3 archives: left out']]);
  });
});

describe('damaged', () => {
  const tar = tarOf([
    { path: 'dump.log', content: log },
    { path: 'restore.log', content: Buffer.alloc(5000, '(00.000001) x\n') },
  ]);

  test.each([
    ['a tar cut in its second file', tar.subarray(0, 3000), ['it/dump.log']],
    [
      'a packed tar cut near its end',
      gzipSync(tar).subarray(0, gzipSync(tar).byteLength - 12),
      ['it/dump.log', 'it/restore.log'],
    ],
  ])('%s: what came before is shown, and a warning', async (_, bytes, shown) => {
    const found = await search(put('cut', bytes));
    expect(found.shown).toEqual(expect.arrayContaining(shown.slice(0, 1)));
    expect(found.warnings.join('\n')).toMatch(
      /^it: cannot be (?:read as a tar archive|unpacked) \(.+\): only what came before is shown$/m,
    );
  });

  test.each([
    ['gzip', gzipSync(log).subarray(0, 12), /^it: cannot be unpacked \(unexpected end of file\)$/],
    ['zstd', Buffer.from('28b52ffd0000', 'hex'), /^it: cannot be unpacked \(.+\)$/],
    ['bzip2', Buffer.from('BZh91AY&SY'), /^it: packed with bzip2$/],
    ['xz', Buffer.from('fd377a585a00', 'hex'), /^it: packed with xz$/],
    [
      'an archive of nothing',
      tarOf([{ path: 'readme', content: Buffer.from('x') }]),
      /^it: an archive without any file of CRIU$/,
    ],
  ])('%s: refused with place and hint', async (_, bytes, message) => {
    await expect(search(put('bad', bytes))).rejects.toMatchObject({ code: 'input', message: expect.stringMatching(message) });
  });
});
