import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { unpackCase } from '../../test/recorded/criu-cases.ts';
import { readRecords } from '../evidence/json-lines.ts';
import { processRecord } from '../evidence/record-schemas.ts';
import { packageRoot } from '../evidence/run-folder.ts';

const root = mkdtempSync(join(tmpdir(), 'transship-record-'));
const engine = join(packageRoot(), 'test/fixtures/criu-like.sh');
let logs: string;

beforeAll(() => {
  mkdirSync(join(root, 'runs'));
  logs = unpackCase('a-tiny-cold');
});
afterAll(() => {
  rmSync(root, { recursive: true });
  rmSync(logs, { recursive: true });
});

function record(words: readonly string[], options: readonly string[] = []) {
  return execa('node', [join(packageRoot(), 'dist/src/cli/main.js'), 'record', ...options, '--', ...words], {
    ...{ cwd: root, env: { PATH: process.env.PATH, TRANSSHIP_TRACES: join(root, 'runs') }, extendEnv: false },
    ...{ reject: false, timeout: 30_000, input: 'to stdin\n' },
  });
}

test('the command runs as it is; the logs that it removes are kept, as a run', async () => {
  const { stdout, stderr, exitCode } = await record([engine, logs, join(root, 'work'), '7', 'a  "b" *'], ['--name', 'kept']);
  expect(exitCode).toBe(7);
  expect(stdout).toBe('to stdout: a  "b" *\nto stdin');
  expect(stderr).toMatch(/^to stderr\nthe command took \d+ ms: dump ok, 202 ms of it in CRIU's log; restore ok/);
  expect(existsSync(join(root, 'work'))).toBe(false);
  const kept = join(root, 'runs/kept/evidence/import/criu');
  expect(readdirSync(kept)).toEqual(['1-dump.log', '1-stats-dump', '2-restore.log', '2-stats-restore', 'files.json']);
  expect(readFileSync(join(kept, '1-dump.log'))).toEqual(readFileSync(join(logs, 'dump.log')));
  const [own] = readRecords(join(kept, '../processes.jsonl'), processRecord);
  expect(own).toMatchObject({ parentPid: null, program: 'sh', exitCode: 7, isLeft: false });
  const tookMs = Number(BigInt(own?.endNs ?? 0) - BigInt(own?.startNs ?? 0)) / 1e6;
  expect(tookMs).toBeGreaterThan(200); // it sleeps as long
});

test('the processes below the command are seen, and under which they ran', async () => {
  const { exitCode } = await record(
    ['sh', '-c', '"$0" "$@" & wait; sh -c "sleep 0.2; true"', engine, logs, join(root, 'deep'), '0', 'x'],
    ['--name', 'deep'],
  );
  expect(exitCode).toBe(0);
  const all = readRecords(join(root, 'runs/deep/evidence/import/processes.jsonl'), processRecord);
  const [own, ...below] = all;
  const sleeps = below.filter(({ program }) => program === 'sleep');
  expect(sleeps.length).toBe(2);
  for (const { parentPid } of sleeps) expect(below.find(({ pid }) => pid === parentPid)?.parentPid).toBe(own?.pid);
  expect(JSON.stringify(all)).not.toContain('deep'); // arguments may be secrets
});

test('--repeat makes a run each', async () => {
  const { exitCode } = await record([engine, logs, join(root, 'again'), '0'], ['--name', 'set', '--repeat', '2']);
  expect([exitCode, readdirSync(join(root, 'runs')).filter((name) => name.startsWith('set'))]).toEqual([0, ['set-1', 'set-2']]);
});

test.each([
  [['sh', '-c', 'exit 3'], 3, /no log of CRIU was found/],
  [['sh', '-c', 'kill -TERM $$'], 143, /no log of CRIU was found/],
  [['no-such-program'], 2, /^error: no-such-program: no such program\n {2}hint: /],
])('%j: exit status %i', async (words, status, said) => {
  const { exitCode, stderr } = await record(words);
  expect([exitCode, stderr]).toEqual([status, expect.stringMatching(said)]);
});
