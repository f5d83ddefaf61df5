import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { transship } from '../../test/built-command.ts';
import { packageRoot } from '../evidence/run-folder.ts';

const recorded = join(packageRoot(), 'test/recorded/runs/docker-small');
const failed = join(packageRoot(), 'traces/sample-failed');
const [docker, diskless] = ['redis-docker', 'redis-diskless'].map((run) => join(packageRoot(), 'test/recorded/runs', run)) as [
  string,
  string,
];
let root: string;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'transship-diff-'));
});
afterEach(() => rmSync(root, { recursive: true }));

/** A folder of so many runs, of which each is the recorded one. */
function setOf(name: string, count: number): string {
  const folder = join(root, name);
  for (let run = 1; run <= count; run += 1) cpSync(recorded, join(folder, `r${run}`), { recursive: true });
  return folder;
}

describe('two runs', () => {
  test('as a document: each operation with both sides; unknown is null', async () => {
    const { stdout, stderr, exitCode } = await transship(['diff', docker, diskless, '--format', 'json']);
    expect({ stderr, exitCode }).toEqual({ stderr: '', exitCode: 0 });
    const document = JSON.parse(stdout);
    expect(document).toMatchObject({
      ...{ schema: 'transship.diff/1', before: { name: docker, runs: ['sample-redis'] } },
      after: { name: diskless, runs: ['sample-auto'] },
    });
    const of = (name: string) => document.operations.find((one: { name: string }) => one.name === name);
    const downtime = of('downtime');
    expect(downtime).toMatchObject({ before: { runs: 1 }, after: { runs: 1 }, lowUs: null, highUs: null });
    // 955 ms and 7.62 s, as `show` has them
    expect([Math.round(downtime.before.medianUs / 1e4), Math.round(downtime.after.medianUs / 1e3)]).toEqual([762, 955]);
    expect(downtime.differenceUs).toBeCloseTo(downtime.after.medianUs - downtime.before.medianUs);
    expect(of('dockerd.checkpoint.unpack')).toMatchObject({ after: null, differenceUs: null });
    expect(document.went).toContain('dockerd.checkpoint.unpack');
    expect(document.appeared).toContain('criu.page-server.session');
  });

  test('a run and itself: no difference, nothing appeared, nothing went', async () => {
    const { stdout } = await transship(['diff', recorded, recorded, '--format', 'json']);
    const { operations, appeared, went } = JSON.parse(stdout);
    expect(operations.length).toBeGreaterThan(50);
    expect(operations.filter((one: { differenceUs: number | null }) => one.differenceUs !== 0)).toEqual([]);
    expect([appeared, went]).toEqual([[], []]);
  });
});

describe('two folders of runs', () => {
  test('medians of all; an interval from five on', async () => {
    const [before, after] = [setOf('before', 5), setOf('after', 6)];
    const { stdout, stderr, exitCode } = await transship(['diff', before, `${after}/`, '--top', '3']);
    expect({ stderr, exitCode }).toEqual({ stderr: '', exitCode: 0 });
    expect(stdout).toContain(`before     ${before}: 5 runs, docker\nafter      ${after}/: 6 runs, docker\n`);
    expect(stdout).toMatch(/^downtime +(\S+ \S+) +\1 +0\.00 µs +0\.0 % +0\.00 µs … 0\.00 µs ~$/m);
    expect(stdout).toContain('~ the interval holds zero: the difference may be chance');
  });

  test('what did not move, and what cannot be read, is left out and said', async () => {
    const before = setOf('before', 2);
    cpSync(failed, join(before, 'r8'), { recursive: true });
    mkdirSync(join(before, 'r9'));
    writeFileSync(join(before, 'r9', 'run.json'), '{');
    const { stdout, stderr, exitCode } = await transship(['diff', before, recorded]);
    expect(exitCode).toBe(0);
    expect(stderr).toContain(`warning ${before}/r8: left out, as it is rolled-back`);
    expect(stderr).toContain(`warning left out: ${before}/r9/run.json: `);
    expect(stdout).toContain(`before     ${before}: 2 runs, docker`);
    expect(stdout).toContain('No interval: one run on a side, and 5 are needed.');
  });

  test('runs of several strategies are named', async () => {
    const before = setOf('before', 1);
    const other = join(before, 'other');
    cpSync(recorded, other, { recursive: true });
    const manifest = readFileSync(join(other, 'run.json'), 'utf8');
    writeFileSync(join(other, 'run.json'), manifest.replace('"strategy": "docker"', '"strategy": "cold"'));
    const { stderr } = await transship(['diff', before, recorded]);
    expect(stderr).toContain('its runs are of several strategies (cold, docker): a median says little');
  });
});

test.each([
  [['nope', 'sample-auto'], 4, "error: no run 'nope' in "],
  [['sample-auto', 'EMPTY'], 4, 'EMPTY: holds no runs'],
  [['FAILED', 'sample-auto'], 4, 'FAILED: none of its 2 runs can be compared'],
  [['DAMAGED', 'sample-auto'], 4, 'DAMAGED/run.json: '],
  [['sample-auto'], 2, "error: missing required argument 'after'"],
  [['sample-auto', 'sample-redis', '--top', 'all'], 2, 'error: --top all is no number'],
])('diff %j is refused', async (args, status, message) => {
  mkdirSync(join(root, 'EMPTY'));
  for (const run of ['r1', 'r2']) cpSync(failed, join(root, 'FAILED', run), { recursive: true });
  mkdirSync(join(root, 'DAMAGED'));
  writeFileSync(join(root, 'DAMAGED', 'run.json'), '{}');
  const { stdout, stderr, exitCode } = await transship([
    'diff',
    ...args.map((arg) => (/^[A-Z]+$/.test(arg) ? join(root, arg) : arg)),
  ]);
  expect({ stdout, exitCode }).toEqual({ stdout: '', exitCode: status });
  expect(stderr).toContain(message);
  expect(stderr).toContain('hint: ');
});
