import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { execa, execaSync } from 'execa';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { serveModule } from '../../test/go-proxy.ts';
import { downloadModule } from './go-download.ts';
import type { SourceFile } from './source-index.ts';
import { unpackSource } from './unpack-source.ts';
import { vendoredModule } from './vendored-module.ts';

const module = 'example.com/kit';
const kit = { component: 'buildkit', module, vendoredBy: 'engine', program: 'dockerd' } as const;
const served = { module, version: 'v0.2.1', files: { 'go.mod': `module ${module}\n`, 'k.go': 'package kit\n' } };
const hasGo = execaSync('go', ['version'], { reject: false }).exitCode === 0;

let folder = '';
let sum = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'component-module-'));
  mkdirSync(join(folder, 'downloads'));
  sum = serveModule(join(folder, 'proxy'), served);
  vi.stubEnv('GOPROXY', `file://${folder}/proxy`);
  vi.stubEnv('GOSUMDB', 'off'); // the sums of vendor.sum are those that count
  vi.stubEnv('GOMODCACHE', join(folder, 'modules'));
  vi.stubEnv('GOFLAGS', '-modcacherw');
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true });
});

async function archive(name: string, files: Readonly<Record<string, string>>): Promise<SourceFile> {
  const from = mkdtempSync(join(folder, 'made-'));
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(from, path)), { recursive: true });
    writeFileSync(join(from, path), text);
  }
  const to = join(folder, 'downloads', name);
  await execa('tar', ['-cJf', to, '-C', from, '.']);
  const bytes = readFileSync(to);
  return { name, bytes: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') };
}

/** A package whose component `buildkit` the mirror lacks, with patches for it: one that fits, and one of another version. */
async function lackingPackage(sums: string): Promise<readonly SourceFile[]> {
  const patch = (from: string, to: string) => `--- a/buildkit/k.go\n+++ b/buildkit/k.go\n@@ -1 +1 @@\n-${from}\n+${to}\n`;
  const upstream = {
    'top/engine/vendor.mod': `module m\n\nrequire (\n\t${module} v0.2.1 // indirect\n)\n`,
    'top/engine/vendor.sum': sums,
  };
  const debian = {
    'debian/rules': '%:\n\tdh $@\n',
    'debian/copyright': `Format: x\nFiles-Excluded: vendor/${module}\n\nFiles: *\n`,
    'debian/control': 'Source: x\nBuild-Depends: debhelper\n\nPackage: x\n',
    'debian/patches/series': 'fits.patch\nother.patch\n',
    'debian/patches/fits.patch': patch('package kit', 'package kit // mended'),
    'debian/patches/other.patch': patch('package other', 'package another'),
  };
  const missing = { name: 'x_1.orig-buildkit.tar.xz', bytes: 1, sha256: '0'.repeat(64) };
  return [await archive('x_1.orig.tar.xz', upstream), missing, await archive('x_1-2.debian.tar.xz', debian)];
}

const unpack = async (sums: string) =>
  unpackSource(await lackingPackage(sums), { downloads: join(folder, 'downloads'), into: join(folder, 'tree'), modules: [kit] });

describe.skipIf(!hasGo)('a component that the mirror lacks (needs go)', () => {
  test('is taken as the Go module that vendor.mod names, patched as Debian does, and said', async () => {
    const { patches, warnings, lacking } = await unpack(`${module} v0.2.1 ${sum}\n${module} v0.2.1/go.mod h1:x\n`);
    expect(lacking).toEqual([]);
    expect(patches).toBe(1);
    expect(warnings).toEqual([
      'x_1.orig-buildkit.tar.xz: the mirror does not have it (404)',
      `buildkit is taken from elsewhere: ${module} v0.2.1, which engine/vendor.mod names, by this machine's Go and its GOPROXY; its sum is that in engine/vendor.sum (${sum})`,
      expect.stringContaining('other.patch is left out: it is not for the buildkit that was taken: '),
    ]);
    expect(readFileSync(join(folder, 'tree/engine/vendor', module, 'k.go'), 'utf8')).toBe('package kit // mended\n');
    expect(existsSync(join(folder, 'tree/buildkit'))).toBe(false);
  });

  test('is refused when its sum is another', async () => {
    await expect(unpack(`${module} v0.2.1 h1:other=\n`)).rejects.toMatchObject({
      code: 'input',
      message: `${module}@v0.2.1: its sum is ${sum}, vendor.sum says h1:other=`,
    });
  });

  test('without a proxy: said, with what cannot be built; the rest is there', async () => {
    vi.stubEnv('GOPROXY', 'off');
    const { lacking, warnings } = await unpack(`${module} v0.2.1 ${sum}\n`);
    expect(lacking).toMatchObject([{ component: 'buildkit', program: 'dockerd', why: expect.stringContaining('GOPROXY=off') }]);
    expect(warnings[1]).toMatch(
      /^buildkit as a Go module cannot be had either, and dockerd cannot be built without: example\.com/,
    );
    expect(existsSync(join(folder, 'tree/engine/vendor.mod'))).toBe(true);
  });
});

test('without Go: said, with where to get it', async () => {
  vi.stubEnv('PATH', folder);
  await expect(downloadModule(module, 'v0.2.1')).rejects.toMatchObject({
    ...{ code: 'not-ready', message: 'there is no go here', hint: 'apt-get install golang-go' },
  });
});

test.each([
  ['', '', 'vendor.mod does not name it'],
  [`require ${module} v1.0.0\n`, `${module} v1.0.0/go.mod h1:x\n`, 'vendor.sum has no sum of it'],
  [`require ${module} v1.0.0\nreplace ${module} => ./kit\n`, `${module} v1.0.0 h1:x\n`, 'vendor.mod has another in its place'],
])('what vendor.mod does not name is not guessed: %j', (mod, sums, why) => {
  writeFileSync(join(folder, 'vendor.mod'), mod);
  writeFileSync(join(folder, 'vendor.sum'), sums);
  expect(() => vendoredModule(folder, module)).toThrow(`${module}: ${why}`);
});
