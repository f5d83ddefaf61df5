import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { hostFile } from './host-files.ts';

/** receive.sh gives the ids of `cgroup.img` by bash itself, which has no zero bytes in its words: no other byte may change. */
const root = mkdtempSync(join(tmpdir(), 'transship-receive-'));
const image = join(root, 'stage/images/cgroup.img');
const [from, to] = ['a'.repeat(64), `${'0f*&\\'.repeat(12)}ffff`] as const;

beforeAll(() => {
  mkdirSync(join(root, 'stage/images'), { recursive: true });
  for (const name of ['receive', 'mark'] as const) writeFileSync(join(root, name), hostFile(name));
  writeFileSync(join(root, 'stage/receiving'), `from_id=${from} to_id='${to}' lazy=()\n`);
  execFileSync('sh', ['-c', 'cd "$0" && mkfifo go unpacked', join(root, 'stage')]);
});
afterAll(() => rmSync(root, { recursive: true }));

/** As host a says go, and the images are unpacked. */
function received(bytes: Buffer) {
  writeFileSync(image, bytes, { mode: 0o600 });
  const script =
    'exec 8<>stage/unpacked 7<>stage/go; echo 0 >&8; echo go | bash receive stage >/dev/null; read -r word <&7; echo "$word"';
  return execFileSync('bash', ['-c', script], {
    cwd: root,
    encoding: 'utf8',
    timeout: 20_000,
    stdio: ['ignore', 'pipe', 'ignore'],
  }).trim();
}

test("ids become the destination's; every other byte stays", () => {
  const id = fc.constant(Buffer.from(from));
  const zeros = fc.nat(3).map((count) => Buffer.alloc(count));
  const bytes = fc.uint8Array({ maxLength: 300 }).map((array) => Buffer.from(array));
  const contents = fc.array(fc.oneof(id, zeros, bytes), { minLength: 1, maxLength: 12 }).map((parts) => Buffer.concat(parts));
  fc.assert(
    fc.property(
      contents.filter(({ length }) => length > 0),
      (content) => {
        expect(received(content)).toBe('go');
        const expected = content.toString('latin1').replaceAll(from, () => to);
        expect(readFileSync(image).toString('latin1')).toBe(expected);
        expect(statSync(image).mode & 0o777).toBe(0o600);
      },
    ),
    { numRuns: 40 },
  );
});

test('without an image of the groups the restore is told to give up', () => {
  expect(received(Buffer.alloc(0))).toBe('abort');
});
