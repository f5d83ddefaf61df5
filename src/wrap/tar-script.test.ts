import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, openSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { hostFile } from './host-files.ts';

/** As CRIU calls it (tmpfs_dump and tmpfs_restore, criu/filesystems.c). */
const create = ['--create', '--gzip', '--no-unquote', '--no-wildcards', '--one-file-system', '--numeric-owner', '--directory'];
const extract = ['--extract', '--gzip', '--no-unquote', '--no-wildcards', '--directory'];

test("a tmpfs that CRIU has packed by this script is not compressed, and comes out again; so does one that CRIU's own call has compressed", () => {
  const folder = mkdtempSync(join(tmpdir(), 'tar-script-'));
  try {
    const at = (name: string) => join(folder, name);
    for (const name of ['bin', 'tmpfs', 'plain', 'packed']) mkdirSync(at(name));
    writeFileSync(at('bin/tar'), hostFile('tar'));
    chmodSync(at('bin/tar'), 0o700);
    writeFileSync(at('tmpfs/file'), 'what it holds');
    const before = `${at('bin')}:${process.env.PATH}`;
    const pack = (PATH: string | undefined, image: string) =>
      spawnSync('tar', [...create, at('tmpfs'), '.'], { env: { PATH }, stdio: ['ignore', openSync(image, 'w'), 'pipe'] });
    const unpack = (image: string, to: string) =>
      spawnSync('tar', [...extract, at(to)], { env: { PATH: before }, stdio: [openSync(image, 'r'), 'ignore', 'pipe'] });

    expect(pack(before, at('plain.img')).status).toBe(0);
    expect(pack(process.env.PATH, at('packed.img')).status).toBe(0);
    const magic = (name: string) => readFileSync(at(name)).subarray(0, 2).toString('hex');
    expect([magic('plain.img'), magic('packed.img')]).toEqual(['2e2f', '1f8b']);

    for (const how of ['plain', 'packed']) {
      expect(unpack(at(`${how}.img`), how).stderr.toString()).toBe('');
      expect(readdirSync(at(how))).toEqual(['file']);
      expect(readFileSync(at(`${how}/file`), 'utf8')).toBe('what it holds');
    }
    // other calls, as CRIU makes them of other programs' archives, are tar's own
    const other = spawnSync('tar', ['--list', '--file', at('plain.img')], { env: { PATH: before }, encoding: 'utf8' });
    expect(other.stdout.split('\n')).toContain('./file');
  } finally {
    rmSync(folder, { recursive: true });
  }
});
