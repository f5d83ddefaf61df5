import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { debianMirror } from './apt-mirror.ts';

const folder = mkdtempSync(join(tmpdir(), 'apt-mirror-'));
afterAll(() => rmSync(folder, { recursive: true }));

const none = '/dev/null';
const oneLine = `deb http://mirror.test/security trixie-security main
deb [arch=amd64 trusted=yes] http://mirror.test/debian/ trixie main contrib
deb http://other.test/tools any main`;
const deb822 = `Types: deb
URIs: http://mirror.test/debian
Suites: trixie trixie-updates
Components: main

Types: deb
URIs: http://mirror.test/security
Suites: trixie-security
Components: main
Signed-By: /dev/null`;

async function mirrorOf(name: string, text: string, proxy?: string): ReturnType<typeof debianMirror> {
  const file = join(folder, name);
  writeFileSync(file, `${text}\n`);
  const parts = ['-o', `Dir::Etc::sourcelist=${file}`, '-o', `Dir::Etc::sourceparts=${none}`];
  return debianMirror([...parts, ...(proxy === undefined ? [] : ['-o', `Acquire::http::Proxy=${proxy}`])]);
}

describe.skipIf(!existsSync('/usr/bin/apt-get'))("the mirror comes from apt's own sources", () => {
  test('one-line format, with options', async () => {
    const mirror = await mirrorOf('one.list', oneLine);
    expect(mirror).toMatchObject({ uri: 'http://mirror.test/debian' });
  });

  test('deb822 format', async () => {
    const mirror = await mirrorOf('two.sources', deb822);
    expect(mirror).toMatchObject({ uri: 'http://mirror.test/debian' });
  });

  test('the proxy that apt uses goes along', async () => {
    const mirror = await mirrorOf('three.sources', deb822, 'http://proxy.test:3128');
    expect(mirror.aptOptions).toContain('Acquire::http::Proxy "http://proxy.test:3128";');
    expect(mirror.aptOptions).toContain('Acquire::Check-Valid-Until "false";');
  });

  test('no Debian among the sources: says what to set', async () => {
    const failure = mirrorOf('four.list', 'deb http://other.test/tools any main');
    await expect(failure).rejects.toMatchObject({ code: 'not-ready', hint: expect.stringContaining('TRANSSHIP_DEBIAN_MIRROR') });
  });
});
