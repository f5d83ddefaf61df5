import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { placeEarlierLog } from './earlier-log.ts';
import type { ContainerPair } from './writable-layer.ts';

let root = '';
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'transship-earlier-log-'));
  mkdirSync(join(root, 'containers/there/transship-log'), { recursive: true });
});
afterEach(() => rmSync(root, { recursive: true }));

/** Where what came is put in place, by commands that are played here. */
function pair(): ContainerPair {
  const run = async (script: string) => {
    const { stdout, stderr, status } = spawnSync('sh', ['-c', script], { encoding: 'utf8' });
    return { exitCode: status ?? 1, stdout, stderr };
  };
  const destination = { name: 'b', shell: { run }, docker: { info: async () => ({ DockerRootDir: root }) } };
  return { route: { destination }, source: { Id: 'here' }, destination: { Id: 'there' } } as unknown as ContainerPair;
}

const came = (name: string, content: string | Buffer) =>
  writeFileSync(join(root, 'containers/there/transship-log', `here-json.log${name}`), content);
const checksum = (line: string) => execFileSync('cksum', { input: line, encoding: 'utf8' }).trim();

test.each([
  ['its log', { '': '{"1"}\n{"2"}\n', '.1': '{"0"}\n' }, '{"1"}\n', 12],
  ['a last line that was cut short', { '': '{"1"}\n{"2' }, '{"1"}\n', 6],
  ['a log with nothing yet', { '': '', '.1': '{"0"}\n' }, '{"0"}\n', 6],
  ['a log with nothing yet, and the one before is packed', { '': '', '.1.gz': gzipSync('{"0"}\n{"1"}\n') }, '{"0"}\n', 12],
  [
    'a log with nothing whole yet, and the one before is just being packed',
    { '': '{', '.1': '{"0"}\n', '.1.gz': '' },
    '{"0"}\n',
    6,
  ],
])('the newest file that has anything is known by its first line: %s', async (_, files, first, bytes) => {
  for (const [name, content] of Object.entries(files)) came(name, content);
  expect(await placeEarlierLog(pair())).toEqual({ bytes, first: checksum(first) });
  expect(readFileSync(join(root, 'containers/there/there-json.log'), 'utf8')).toMatch(/^(?:\{"\d"\}\n)*$/);
});

test('no log came', async () => expect(await placeEarlierLog(pair())).toEqual({ bytes: 0, first: '' }));
