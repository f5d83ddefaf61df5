import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { execa, execaSync } from 'execa';
import { afterAll, describe, expect, test } from 'vitest';
import { packageRoot } from '../../src/evidence/run-folder.ts';
import { missingForTestbed } from '../../vm/prerequisites.ts';

const noGo = execaSync('go', ['version'], { reject: false }).exitCode === 0 ? [] : ['no go (Debian package golang-go)'];
const missing = [...missingForTestbed(), ...noGo];
const command = join(packageRoot(), 'dist/src/cli/main.js');
const folder = mkdtempSync(join(tmpdir(), 'transship-fetch-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** Debian's programs but for go. */
function pathWithoutGo(): string {
  const bin = join(folder, 'bin');
  mkdirSync(bin);
  const names = ['/usr/sbin', '/usr/bin'].flatMap((from) => readdirSync(from).map((name) => [name, join(from, name)] as const));
  for (const [name, path] of new Map(names)) if (name !== 'go') symlinkSync(path, join(bin, name));
  return bin;
}

describe.skipIf(missing.length > 0)(
  `sources on a cache where nothing is yet (${missing.join('; ') || 'from the mirror'})`,
  () => {
    test('what the mirror lacks comes by Go; without Go it is said, dockerd is refused, and it is had later', async () => {
      const script =
        'mkdir -p /var/cache/transship && mount -t tmpfs tmpfs /var/cache/transship || exit 9; node=$1 main=$2 bare=$3 all=$4; PATH=$bare "$node" "$main" source fetch testing; echo "-- $?" >&2; PATH=$bare "$node" "$main" source build testing --only dockerd; echo "-- $?" >&2; PATH=$all "$node" "$main" source fetch testing; echo "-- $?" >&2';
      const words = ['--mount', 'sh', '-c', script, 'sh', process.execPath, command];
      const all = [pathWithoutGo(), process.env.PATH ?? ''];
      const { stderr, stdout } = await execa('unshare', [...words, all[0] ?? '', all.join(delimiter)], {
        timeout: 280_000,
        reject: false,
      });
      const [bare = '', built = '', whole = ''] = stderr.split('-- ');
      if (!whole.includes('orig-buildkit.tar.xz: the mirror does not have it')) {
        expect(whole).not.toContain('buildkit'); // a mirror that has it all
        return;
      }
      expect(bare).toContain(
        'warning buildkit as a Go module cannot be had either, and dockerd cannot be built without: there is no go here',
      );
      expect(built).toMatch(
        /error: dockerd of testing needs buildkit, which is not there: there is no go here\n {2}hint: apt-get install/,
      );
      expect(whole).toMatch(
        /warning buildkit is taken from elsewhere: github\.com\/moby\/buildkit v\S+, which engine\/vendor\.mod names/,
      );
      const [lacking, complete] = stdout.split('\n');
      expect(lacking).toBe(`${complete}-lacking`);
    }, 300_000);
  },
);
