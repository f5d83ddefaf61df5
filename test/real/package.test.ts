import {
  chmodSync,
  chownSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { packageRoot } from '../../src/evidence/run-folder.ts';

const nobody = 65_534;
const isRoot = process.getuid?.() === 0;
const folder = mkdtempSync(join(tmpdir(), 'transship-package-'));
const home = join(folder, 'home');
const log = join(home, 'dump.log');
let tarball = '';
let packed: readonly string[] = [];

/** The installed command as an ordinary user has it: nothing in the environment, an empty home, no checkout. */
function transship(args: readonly string[], options: { readonly input?: string } = {}) {
  const env = {
    PATH: `${dirname(process.execPath)}:/usr/bin:/bin`,
    HOME: home,
    TMPDIR: home,
    XDG_STATE_HOME: join(home, 'state'),
  };
  const user = isRoot ? { uid: nobody, gid: nobody } : {};
  const program = join(folder, 'prefix/bin/transship');
  return execa(program, args, {
    cwd: home,
    env,
    extendEnv: false,
    reject: false,
    timeout: 30_000,
    input: '',
    ...user,
    ...options,
  });
}

beforeAll(async () => {
  mkdirSync(home);
  writeFileSync(log, gunzipSync(readFileSync(join(packageRoot(), 'test/recorded/criu/sid421-c-redis200/dump.log.gz'))));
  chmodSync(folder, 0o755);
  if (isRoot) for (const path of [home, log]) chownSync(path, nobody, nobody);
  // as a clone has it: nothing is installed or built there
  const clone = join(folder, 'clone');
  mkdirSync(clone);
  const files = 'git ls-files -co --exclude-standard -z | tar --null --ignore-failed-read -T - -cf - | tar -C "$0" -xf -';
  await execa('sh', ['-c', files, clone], { cwd: packageRoot() });
  await execa('npm', ['pack', '--pack-destination', folder], { cwd: clone, timeout: 300_000 });
  const [name = ''] = readdirSync(folder).filter((entry) => entry.endsWith('.tgz'));
  tarball = join(folder, name);
  packed = (await execa('tar', ['-tzf', tarball])).stdout.split('\n').map((path) => path.replace(/^package\//, ''));
  const install = ['install', '--global', '--prefix', join(folder, 'prefix'), '--no-audit', '--no-fund', tarball];
  await execa('npm', install, { cwd: home, timeout: 300_000 });
}, 420_000);

afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('the tarball', () => {
  test('holds the command, what test hosts are made from, and the recorded runs', () => {
    const needed = [
      'dist/src/cli/main.js',
      'dist/src/probe/main.js',
      'vm/build-once.sh',
      'vm/workload-image.sh',
      'vm/host/init.sh',
    ];
    const samples = ['traces/sample-redis/run.json', 'traces/sample-failed/run.json'];
    for (const path of [...needed, ...samples, 'README.md', 'LICENSE', 'CHANGELOG.md']) expect(packed).toContain(path);
  });

  test('holds every file that vm/ reads at run time', () => {
    const files = ['host', 'workload'].flatMap((room) =>
      readdirSync(join(packageRoot(), 'vm', room), { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map(({ parentPath, name }) => relative(packageRoot(), join(parentPath, name))),
    );
    const loose = readdirSync(join(packageRoot(), 'vm'))
      .filter((name) => /\.(sh|txt)$/.test(name))
      .map((name) => `vm/${name}`);
    expect([...files, ...loose].filter((path) => !packed.includes(path))).toEqual([]);
  });

  test('holds every script that goes to a Docker host', () => {
    const scripts = readdirSync(join(packageRoot(), 'src/wrap/host')).map((name) => `src/wrap/host/${name}`);
    expect(scripts).toContain('src/wrap/host/runtime.sh');
    expect(scripts.filter((path) => !packed.includes(path))).toEqual([]);
  });

  test('holds no tests, no own runs, nothing large', () => {
    expect(packed.filter((path) => /\.test\.|^test\/|^dist\/test\/|\.map$|\.tsbuildinfo$/.test(path))).toEqual([]);
    expect(packed.filter((path) => path.startsWith('traces/') && !/^traces\/(sample-|README)/.test(path))).toEqual([]);
    expect(statSync(tarball).size).toBeLessThan(2_000_000);
  });
});

describe('installed, as an ordinary user', () => {
  test("transship import dump.log prints the tree, and keeps the run in the user's state folder", async () => {
    const { stdout, exitCode } = await transship(['import', 'dump.log']);
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/^\S*dump\.log: dump, CRIU 4\.2\.1, ok, 2749 lines/);
    expect(stdout).toMatch(/^criu\.dump .*\n {2}freeze /m);
    expect(existsSync(join(home, 'state/transship/r1/run.json'))).toBe(true);
  });

  test('a log may come through a pipe', async () => {
    const { stdout, exitCode } = await transship(['import', '-', '--format', 'json'], { input: readFileSync(log, 'utf8') });
    expect(exitCode).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      schema: 'transship.import/1',
      sources: [{ kind: 'dump', outcome: 'ok', lines: 2749 }],
    });
  });

  test.each(['sample-redis', 'sample-failed'])('transship show %s: a run that came with the package', async (run) => {
    const { stdout, exitCode } = await transship(['show', run]);
    expect(exitCode).toBe(0);
    expect(stdout).toContain('criu.dump');
    expect(stdout).toContain(`transship show ${run} --all`);
  });

  test('transship demo says in one line why there are no hosts, and shows the recorded run', async () => {
    const { stdout, stderr, exitCode } = await transship(['demo']);
    expect(exitCode).toBe(0);
    expect(stderr.split('\n')[0]).toMatch(/^no test hosts here \(.+\): this is a recorded run, traces\/sample-redis$/);
    expect(stdout).toBe((await transship(['show', 'sample-redis'])).stdout);
  });

  test('transship testbed up: one clear error, exit 3', async () => {
    const { stdout, stderr, exitCode } = await transship(['testbed', 'up']);
    expect({ stdout, exitCode }).toEqual({ stdout: '', exitCode: 3 });
    expect(stderr).toMatch(/^error: no test hosts here: .+\n {2}hint: .+/);
  });

  test('transship --help names the commands', async () => {
    const { stdout, exitCode } = await transship(['--help']);
    expect(exitCode).toBe(0);
    expect(stdout).toContain('import [options] <path...>');
  });

  test('an unreadable log: its name, the reason, exit 4, and no run', async () => {
    copyFileSync(log, join(folder, 'secret.log'));
    chmodSync(join(folder, 'secret.log'), 0o600);
    const { stderr, exitCode } = await transship(['import', isRoot ? '../secret.log' : 'no-such.log']);
    expect(exitCode).toBe(4);
    expect(stderr).toMatch(/error: \S*(secret|no-such)\.log: .*\n {2}hint: /);
    expect(readdirSync(join(home, 'state/transship'))).not.toContain('r3');
  });
});
