import { spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { recordedRoot } from '../../test/recorded/criu-cases.ts';
import { packageRoot } from '../evidence/run-folder.ts';
import { decodeStatistics } from '../layers/criu/statistics.ts';
import { hostFile } from './host-files.ts';

/** "one round of a pre-copy" (pre-dump.sh): what CRIU leaves is recorded, as the kernels that can do it are elsewhere; the rest is the script's own. */
let root = '';
let near = '';
let far = '';

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'transship-pre-dump-'));
  near = join(root, 'near');
  far = join(root, 'far');
  for (const folder of [near, far]) mkdirSync(join(folder, 'images'), { recursive: true });
  mkdirSync(join(near, 'work'));
  mkdirSync(join(root, 'bin'));
  symlinkSync(join(packageRoot(), 'test/fixtures/pre-dumping/runc'), join(root, 'bin/runc'));
  for (const name of ['pre-dump', 'mark'] as const) writeFileSync(join(near, name), hostFile(name));
  settings('far_root() { sh -c "$1"; }');
});
afterEach(() => rmSync(root, { recursive: true }));

function settings(line: string): void {
  writeFileSync(join(near, 'settings'), `id=abc root=/runc work=${near}/work far=${far} limit_s=0.000001 round_s=20\n${line}\n`);
}

function preDump(round: number, recorded: string) {
  const env = { PATH: `${root}/bin:${process.env.PATH}`, RECORDED: resolve(recordedRoot, recorded), CALLS: join(root, 'calls') };
  const { status, stdout } = spawnSync('bash', [join(near, 'pre-dump'), near, String(round)], {
    env,
    encoding: 'utf8',
    timeout: 30_000,
  });
  return {
    status,
    marks: stdout
      .replace(/^[\d.]+ /gm, '')
      .trimEnd()
      .split('\n'),
  };
}

describe.each(['q-precopy-hot', 'q-precopy-random'])('%s', (chain) => {
  test('three rounds lie side by side on both hosts, each linked to the one before', () => {
    for (const round of [1, 2, 3]) {
      const { values } = decodeStatistics('recorded', readFileSync(join(recordedRoot, chain, `p${round}/stats-dump`)));
      const pages = [values.pages_written, values.pages_skipped_parent, values.frozen_time].join(' ');
      const { status, marks } = preDump(round, chain);
      expect(marks).toEqual([
        `pre-dump.begin ${round}`,
        'pre-dump.runc-end 0',
        `pre-dump.pages ${round} ${pages}`,
        `pre-dump.send ${round}`,
        expect.stringMatching(new RegExp(`^pre-dump.sent ${round} \\d+$`)),
      ]);
      expect(status).toBe(0);
      expect(readFileSync(join(near, 'parent'), 'utf8')).toBe(`rounds/${round}\n`);
    }
    for (const host of [near, far]) {
      expect(readdirSync(join(host, 'images/rounds')).sort()).toEqual(['1', '2', '3']);
      expect([2, 3].map((round) => readlinkSync(join(host, `images/rounds/${round}/parent`)))).toEqual(['../1', '../2']);
      expect(readFileSync(join(host, 'images/rounds/3/parent/parent/pages-1.img'), 'utf8')).toBe('pages\n');
    }
    expect(readdirSync(join(near, 'work')).sort()).toEqual(
      [1, 2, 3].flatMap((round) => [`${round}-pre-dump.log`, `${round}-stats-dump`]),
    );
    expect(readFileSync(join(near, 'work/2-pre-dump.log'), 'utf8')).toContain('round 2');
    expect(existsSync(join(near, 'pre-dump-pid'))).toBe(false);
  });
});

test('runc is asked for a pre-dump of that container, and for the round before as parent', () => {
  preDump(1, 'q-precopy-hot');
  preDump(2, 'q-precopy-hot');
  const common = `--root /runc checkpoint --pre-dump --image-path images/rounds`;
  expect(readFileSync(join(root, 'calls'), 'utf8')).toBe(
    `${common}/1 --work-path ${near}/work abc\n${common}/2 --work-path ${near}/work --parent-path ../1 abc\n`,
  );
});

describe('a round that fails says why, and no dump builds on the rounds before', () => {
  test.each([
    ['runc fails', 'h-predump-rpc-runc', '', /^pre-dump.failed runc checkpoint --pre-dump: .*CRIU is missing features/],
    [
      'the destination is gone',
      'q-precopy-hot',
      'far_root() { cat >/dev/null; return 255; }',
      /^pre-dump.failed round 2 could not be sent/,
    ],
  ])('%s', (_, recorded, line, message) => {
    preDump(1, 'q-precopy-hot');
    if (line !== '') settings(line);
    const { status, marks } = preDump(2, recorded);
    expect(status).toBe(1);
    expect(marks.at(-1)).toMatch(message);
    expect(existsSync(join(near, 'parent'))).toBe(false);
    expect(preDump(3, 'q-precopy-hot').marks).toEqual(['pre-dump.failed round 2 is not whole']);
  });

  test.each([
    ['empty', Buffer.alloc(0)],
    ['cut', readFileSync(join(recordedRoot, 'q-precopy-hot/p1/stats-dump')).subarray(0, 30)],
    ['of a restore', readFileSync(join(recordedRoot, 'q-precopy-hot/restore/stats-restore'))],
    ['no statistics', Buffer.from('something else altogether')],
  ])('statistics: %s', (_, bytes) => {
    mkdirSync(join(root, 'damaged/p1'), { recursive: true });
    writeFileSync(join(root, 'damaged/p1/stats-dump'), bytes);
    const { status, marks } = preDump(1, join(root, 'damaged'));
    expect(status).toBe(1);
    expect(marks.at(-1)).toMatch(/^pre-dump.failed CRIU's statistics cannot be read: (no statistics|no dump|no field)/);
  });
});
