import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { arrivedScript, lacksPages, readArrived } from './arrived-pages.ts';

const folder = mkdtempSync(join(tmpdir(), 'transship-arrived-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** As CRIU 4.2.1 writes it (criu/uffd.c: handle_remove, handle_exit, lazy_pages_summary). */
function lacking(log: string): readonly boolean[] {
  const file = join(folder, 'lazy-pages.log');
  writeFileSync(file, log);
  const { stdout } = spawnSync('sh', ['-c', arrivedScript(file)], { encoding: 'utf8' });
  return readArrived(stdout).map(lacksPages);
}

const found = '(00.326702) uffd: 1-10: Found 46305 pages to be handled by UFFD\n';
const summary = (pages: number) => `(02.351952) uffd: 1-10: UFFD transferred pages: (${pages}/46305)\n`;

test('all pages have come', () => {
  expect(lacking(`${found}${summary(46305)}`)).toEqual([false]);
});

test('a page that has not come is missed', () => {
  expect(lacking(`${found}${summary(46304)}`)).toEqual([true]);
});

test('a process that has unmapped memory needs no pages for it', () => {
  const unmapped = `(00.9) uffd: 1-10: UNMAP: 7f06a67f3000(2000)\n(00.9) uffd: 1-10: REMOVE: 7f06a0000000(1000)\n`;
  expect(lacking(`${found}${unmapped}${summary(46302)}`)).toEqual([false]);
  expect(lacking(`${found}${unmapped}${summary(46301)}`)).toEqual([true]);
  expect(lacking(`${found}${unmapped.replaceAll('1-10', '8-9')}${summary(46302)}`)).toEqual([true]);
});

test('a process that has ended needs none, but the first is the container', () => {
  const ended = (pid: number) => `(00.9) uffd: ${pid}-10: EXIT\n(02.3) uffd: ${pid}--10: UFFD transferred pages: (100/46305)\n`;
  expect(lacking(ended(8))).toEqual([false]);
  expect(lacking(ended(1))).toEqual([true]);
});

test('a log without a count says nothing, and one that is not there neither', () => {
  expect(lacking(found)).toEqual([]);
  expect(readArrived(spawnSync('sh', ['-c', arrivedScript(join(folder, 'none'))], { encoding: 'utf8' }).stdout)).toEqual([]);
});
