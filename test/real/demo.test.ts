import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, describe, expect, test } from 'vitest';
import { packageRoot } from '../../src/evidence/run-folder.ts';
import { missingForTestbed } from '../../vm/prerequisites.ts';
import { startTime } from '../../vm/process-identity.ts';
import { testbedFolder } from '../../vm/testbed-state.ts';
import { testSet } from '../test-set.ts';
import { type MachineTraces, machineTraces, newTraces } from './machine-traces.ts';

const set = testSet('demo-test');
const missing = missingForTestbed();
const folder = mkdtempSync(join(tmpdir(), 'transship-demo-'));
const env = { TRANSSHIP_TESTBED: set, TRANSSHIP_TRACES: join(folder, 'runs'), NO_COLOR: '1' };
const demo = ['npm', 'run', '-s', 'demo', '--', '--keys', '1000'];

afterAll(() => rmSync(folder, { recursive: true, force: true }));

function run(words: readonly string[], cwd = packageRoot()) {
  const [file = '', ...args] = words;
  return execa(file, args, { cwd, env, reject: false, timeout: 200_000, stdin: 'ignore' });
}

/** What is on its way out is given a moment. */
async function expectNothingNew(before: MachineTraces): Promise<void> {
  await expect.poll(() => newTraces(before, machineTraces(set)), { timeout: 10_000, interval: 200 }).toEqual([]);
}

describe.skipIf(missing.length > 0)(`the demo ${missing.join('; ')}`, () => {
  test('moves a real Redis, and leaves nothing behind: no mount, namespace, cgroup, process, link, rule or folder', async () => {
    const before = machineTraces(set);
    const { exitCode, stdout, stderr } = await run(demo);
    expect(exitCode, stderr).toBe(0);
    expect(stderr).toMatch(/^same {6}1000 keys/m);
    expect(stdout).toMatch(/^downtime {3}ticker /m);
    await expectNothingNew(before);
  });

  test.each([
    [
      'may make no namespace',
      ['setpriv', '--bounding-set', '-sys_admin', '--inh-caps', '-sys_admin'],
      /namespaces and mounts are refused to root here \(unshare: /,
    ],
    [
      'may make no network',
      ['setpriv', '--bounding-set', '-net_admin', '--inh-caps', '-net_admin'],
      /namespaces and mounts are refused to root here \(RTNETLINK/,
    ],
    [
      'may make no cgroup',
      [
        'unshare',
        '--mount',
        'sh',
        '-c',
        'mount -o remount,bind,ro "$(findmnt -nt cgroup2 -o TARGET | head -n 1)" && exec "$@"',
        'sh',
      ],
      /no cgroup can be made in \S+ \(EROFS\)/,
    ],
  ])('root that %s: one line says why, and the recorded run is shown', async (_, prefix, why) => {
    const before = machineTraces(set);
    const { exitCode, stdout, stderr } = await run([...prefix, 'node', 'dist/src/cli/main.js', 'demo', '--keys', '1000']);
    const [line = ''] = stderr.split('\n');
    expect([exitCode, line]).toEqual([0, expect.stringMatching(why)]);
    expect(line).toMatch(/^no test hosts here \(.*\): this is a recorded run, traces\/sample-redis$/);
    expect(stdout).toContain('sample-redis: transship-demo a → b');
    await expectNothingNew(before);
  });
});

test.skipIf(missing.length > 0)(
  'hosts that do not come up: the reason in one line, the recorded run, and a status that says so',
  async () => {
    const making = testbedFolder(set);
    mkdirSync(making, { recursive: true });
    writeFileSync(join(making, 'maker'), `${process.pid} ${startTime(process.pid)}\n`);
    const { exitCode, stdout, stderr } = await run(['node', 'dist/src/cli/main.js', 'demo', '--keys', '1000']);
    rmSync(making, { recursive: true });
    expect(exitCode).toBe(3);
    expect(stderr).toMatch(
      /^no test hosts here \(set 'demo-test-[0-9a-f]{4}' is just being made by process \d+; wait for it, .*\): this is/m,
    );
    expect(stdout).toContain('sample-redis: transship-demo a → b');
  },
);

test.skipIf(missing.length > 0)(
  'hosts whose CRIU is no good for their kernel: why, by its own words, the recorded run, and a status that says so',
  async () => {
    const testbed = ['node', 'dist/src/cli/main.js', 'testbed'];
    const broken = "echo 'Error (criu/kerndat.c:1): no such kernel' >&2; exit 1";
    try {
      await run([...testbed, 'up']);
      const place = 'p=$(command -v criu) && rm $p && printf "#!/bin/sh\\n%s\\n" "$0" >$p && chmod 755 $p';
      expect((await run([...testbed, 'exec', 'a', '--', 'bash', '-c', place, broken])).exitCode).toBe(0);
      const { exitCode, stdout, stderr } = await run(['node', 'dist/src/cli/main.js', 'demo', '--keys', '1000']);
      expect([exitCode, stderr]).toEqual([
        3,
        expect.stringMatching(
          /^no test hosts here \(criu check: Error \(criu\/kerndat\.c:1\): no such kernel\): this is a recorded run/m,
        ),
      ]);
      expect(stdout).toContain('sample-redis: transship-demo a → b');
      expect((await run([...testbed, 'status'])).stdout).toContain('test:a'); // who had them up keeps them
    } finally {
      await run([...testbed, 'down']);
    }
  },
);

test('npm run transship builds again once a source has changed', async () => {
  const copy = join(folder, 'checkout');
  const left = ['node_modules', 'dist', '.git'].map((name) => join(packageRoot(), name));
  cpSync(packageRoot(), copy, { recursive: true, filter: (path) => !left.includes(path) });
  symlinkSync(join(packageRoot(), 'node_modules'), join(copy, 'node_modules'));
  const help = async () => (await run(['npm', 'run', '-s', 'transship', '--', '--help'], copy)).stdout;
  expect(await help()).toContain('list the runs');
  const source = join(copy, 'src/cli/runs.ts');
  writeFileSync(source, readFileSync(source, 'utf8').replace('list the runs', 'list all those runs'));
  expect(await help()).toContain('list all those runs');
});
