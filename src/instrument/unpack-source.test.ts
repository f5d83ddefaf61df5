import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { execa } from 'execa';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { parsePrintedUris, type SourceFile } from './source-index.ts';
import { unpackSource } from './unpack-source.ts';

let folder = '';
const downloads = (): string => join(folder, 'downloads');
const into = (): string => join(folder, 'tree');
const unpacking = (to = 'tree') => ({ downloads: downloads(), into: join(folder, to), modules: [] });

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'unpack-source-'));
  mkdirSync(downloads());
});
afterEach(() => rmSync(folder, { recursive: true }));

/** An archive as a mirror has it, with its row of the index. */
async function archive(name: string, top: string, files: Readonly<Record<string, string>>): Promise<SourceFile> {
  const from = mkdtempSync(join(folder, 'made-'));
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(from, top, path)), { recursive: true });
    writeFileSync(join(from, top, path), text);
  }
  await execa('tar', ['-cJf', join(downloads(), name), '-C', from, top]);
  const bytes = readFileSync(join(downloads(), name));
  return { name, bytes: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') };
}

const dsc: SourceFile = { name: 'docker.io_1-2.dsc', bytes: 1, sha256: '0'.repeat(64) };
const orig = () =>
  archive('docker.io_1.orig.tar.xz', 'moby-abc', { 'engine/a.go': 'package a\n', 'engine/vendor/b/b.go': 'package b\n' });
const patch = (file: string, from: string, to: string) => `--- a/${file}\n+++ b/${file}\n@@ -1 +1 @@\n-${from}\n+${to}\n`;
const debian = (patches: Readonly<Record<string, string>>, rules = '%:\n\tdh $@\n') =>
  archive('docker.io_1-2.debian.tar.xz', 'debian', {
    rules,
    copyright: 'Format: x\nFiles-Excluded:\n  vendor/b\n\nFiles: *\n',
    control:
      'Source: docker.io\nBuild-Depends: debhelper-compat (= 13),\n# why\n  golang-x-dev (>= 1) | golang-y-dev,\n  libz-dev [linux-any] <!nocheck>\n\nPackage: docker.io\nDepends: no-dev\n',
    'patches/series': `# a comment\n${Object.keys(patches).join('\n')}\n`,
    ...Object.fromEntries(Object.entries(patches).map(([name, text]) => [`patches/${name}`, text])),
  });

test('without the .dsc: components in their folders, patches in their order, what Debian excludes gone but for what its patches add', async () => {
  const cli = await archive('docker.io_1.orig-cli.tar.xz', './cli', { 'c.go': 'package c\n' });
  const patches = {
    'one.patch': patch('engine/a.go', 'package a', 'package two'),
    'two.patch': patch('engine/a.go', 'package two', 'package three'),
    'three.patch': '--- /dev/null\n+++ b/engine/vendor/b/debian.go\n@@ -0,0 +1 @@\n+package b\n',
  };
  const unpacked = await unpackSource([dsc, await orig(), cli, await debian(patches)], unpacking());
  expect(unpacked).toEqual({ patches: 3, buildDepends: ['golang-x-dev', 'libz-dev'], warnings: [], lacking: [] });
  expect(readFileSync(join(into(), 'engine/a.go'), 'utf8')).toBe('package three\n');
  expect(existsSync(join(into(), 'cli/c.go'))).toBe(true);
  expect(readdirSync(join(into(), 'engine/vendor/b'))).toEqual(['debian.go']);
  const cleaning = 'override_dh_clean:\n\tperl -ne "Files-Excluded" debian/copyright\n';
  await unpackSource([dsc, await orig(), await debian(patches, cleaning)], unpacking('cleaned'));
  expect(existsSync(join(folder, 'cleaned/engine/vendor/b'))).toBe(false);
});

test('a mirror without the patches, or without a component: said, never passed over', async () => {
  const missing: SourceFile = { name: 'docker.io_1-2.debian.tar.xz', bytes: 1, sha256: '0'.repeat(64) };
  expect(await unpackSource([await orig(), missing], unpacking())).toEqual({
    patches: null,
    buildDepends: null,
    warnings: [`${missing.name}: the mirror does not have it (404)`, "Debian's patches are not applied: the tree is upstream's"],
    lacking: [],
  });
  const buildkit: SourceFile = { ...missing, name: 'docker.io_1.orig-buildkit.tar.xz' };
  const patches = { 'kit.patch': patch('buildkit/k.go', 'x', 'y'), 'one.patch': patch('engine/a.go', 'package a', 'package z') };
  const partly = await unpackSource([await orig(), buildkit, await debian(patches)], unpacking('other'));
  expect(partly.patches).toBe(1);
  expect(partly.warnings[1]).toContain('kit.patch is left out');
});

test.each([
  ['a wrong sum', { code: 'input', message: expect.stringContaining('docker.io_1.orig.tar.xz: SHA-256 is') }],
  ['a patch that does not apply', { code: 'input', message: expect.stringMatching(/bad\.patch: patch failed/) }],
  ["upstream's archive is missing", { code: 'not-ready', message: expect.stringContaining('orig.tar.xz') }],
])('%s is an error with the file’s name', async (what, error) => {
  const upstream = await orig();
  const files = [upstream, await debian({ 'bad.patch': patch('engine/a.go', 'package q', 'package r') })];
  if (what === 'a wrong sum') writeFileSync(join(downloads(), upstream.name), 'cut short');
  if (what.includes('missing')) rmSync(join(downloads(), upstream.name));
  await expect(unpackSource(files, unpacking())).rejects.toMatchObject(error);
});

test('rows of the index, as apt prints them', () => {
  const row = `'http://mirror.example/pool/r/runc_1.1%2bds.orig.tar.xz' runc_1.1+ds.orig.tar.xz 531 SHA256:${'ab'.repeat(32)}`;
  expect(parsePrintedUris(`Reading package lists...\nNeed to get 1 kB\n${row}\n`)).toEqual([
    { name: 'runc_1.1+ds.orig.tar.xz', bytes: 531, sha256: 'ab'.repeat(32) },
  ]);
});
