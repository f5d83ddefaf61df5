import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { execa } from 'execa';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { recordedCases, unpackCase } from '../../test/recorded/criu-cases.ts';
import { tarOf } from '../../test/tar-bytes.ts';
import { packageRoot } from '../evidence/run-folder.ts';

/** `cases/`: all recordings unpacked; `runs/`: where the command puts runs. */
let root: string;

beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'transship-import-'));
  mkdirSync(join(root, 'runs'));
  for (const name of recordedCases) {
    const unpacked = unpackCase(name);
    cpSync(unpacked, join(root, 'cases', name), { recursive: true, preserveTimestamps: true });
    rmSync(unpacked, { recursive: true });
  }
});

afterAll(() => rmSync(root, { recursive: true }));

function transship(args: readonly string[], input?: Uint8Array) {
  return execa('node', [join(packageRoot(), 'dist/src/cli/main.js'), ...args], {
    ...{ cwd: join(root, 'cases'), env: { PATH: process.env.PATH, TRANSSHIP_TRACES: join(root, 'runs') }, extendEnv: false },
    ...{ reject: false, timeout: 30_000, ...(input === undefined ? { stdin: 'ignore' } : { input }) },
  });
}

const runs = () => readdirSync(join(root, 'runs'));

test('every recording imports at once; JSON is as the contract says', async () => {
  const { stdout, exitCode } = await transship(['import', '.', '--name', 'all', '--format', 'json']);
  expect(exitCode).toBe(0);
  const { schema, run, sources } = JSON.parse(stdout);
  expect([schema, run]).toEqual(['transship.import/1', 'all']);
  const kinds = new Set((sources as { kind: string }[]).map(({ kind }) => kind));
  expect([...kinds].sort()).toEqual(
    ['dump', 'lazy-pages', 'page-server', 'pre-dump', 'restore', 'stats-dump', 'stats-restore', 'unknown'].sort(),
  );
  const redis = sources.find(({ file }: { file: string }) => file === 'c-redis200/dump.log');
  expect(redis).toMatchObject({ kind: 'dump', criuVersion: '4.1.1', lines: 2835, outcome: 'ok', failure: null });
  expect(redis.phases[4]).toEqual({ name: 'criu.dump.freeze', startUs: 1287, durationUs: 100827 });
  const failed = sources.find(({ file }: { file: string }) => file === 'g-rst-missing-file/restore.log');
  expect(failed.outcome).toBe('failed');
  expect(Object.keys(failed.failure)).toEqual(['phase', 'line', 'message', 'cause', 'hint', 'source']);
  expect([failed.failure.phase, failed.failure.line]).toEqual(['criu.restore.files', 166]);
});

test('a packed log of many megabytes is read without a word on stderr', async () => {
  const log = readFileSync(join(root, 'cases/a-tiny-cold/dump.log'), 'latin1');
  const noise = Array.from({ length: 200_000 }, (_, at) => `(00.202143) ${Math.sin(at)} ${Math.cos(at)}\n`).join('');
  const packed = gzipSync(log + noise, { level: 1 });
  expect(packed.byteLength).toBeGreaterThan(12 * 262_144); // so many pieces, each waited for
  const { stdout, stderr, exitCode } = await transship(['import', '-'], packed);
  expect([exitCode, stderr]).toEqual([0, '']);
  expect(stdout).toContain(`-: dump, CRIU 4.1.1, ok, ${200_000 + 1078} lines`);
});

test('a person reads phases, shares, numbers, silences, and the run is kept', async () => {
  const { stdout, stderr, exitCode } = await transship(['import', 'a-tiny-cold', '--name', 'tiny']);
  expect([exitCode, stderr]).toEqual([0, '']);
  expect(stdout).toContain('a-tiny-cold/dump.log: dump, CRIU 4.1.1, ok, 1078 lines, 202 ms');
  expect(stdout).toMatch(/^ {2}freeze +criu import +101 ms/m);
  expect(stdout).toContain('most of the time: freeze 50.0 %, init 14.1 %, namespaces 11.6 %');
  expect(stdout).toContain("CRIU's own numbers: freezing_time 101 ms, frozen_time 71.8 ms");
  expect(stdout).toContain('100 ms  before line 153: freezer.state=FREEZING … freezer.state=FROZEN');
  expect(stdout).toContain('run   tiny   transship show tiny');
  const kept = join(root, 'runs/tiny/evidence/import/criu');
  expect(readdirSync(kept)).toEqual(['1-dump.log', '1-stats-dump', '2-restore.log', '2-stats-restore', 'files.json']);
  expect(readFileSync(join(kept, '1-dump.log'))).toEqual(readFileSync(join(root, 'cases/a-tiny-cold/dump.log')));
  const shown = await transship(['show', 'tiny']);
  expect(shown.stdout).toContain('criu.restore');
});

test('a failed restore is explained, and importing it is no failure', async () => {
  const { stdout, exitCode } = await transship(['import', 'g-rst-missing-file/restore.log']);
  expect(exitCode).toBe(0);
  expect(stdout).toContain(
    "failed: g-rst-missing-file/restore.log:166: Can't open file run/datafile on restore: No such file or directory",
  );
  expect(stdout).toContain(
    '  in:    criu.restore.files\n  cause: a file that the container had open or mapped is not there\n  hint:  copy it',
  );
});

test.each([
  [
    'i-check/check.stderr',
    155,
    'Dirty tracking is OFF. Memory snapshot will not work.',
    'only pre-dumps need it: dump without --track-mem',
  ],
  ['sid421-i-check/feat.out', 1, 'Dirty tracking is OFF. Memory snapshot will not work.', 'only pre-dumps need it'],
  [
    'g-dump-noimgdir',
    2,
    "Can't open dir /run/doesnotexist: No such file or directory",
    'make it first (mkdir -p), and give it with -D',
  ],
])('%s: what fails is said with file, line and hint', async (path, line, message, hint) => {
  const { stdout, exitCode } = await transship(['import', path]);
  expect(exitCode).toBe(0);
  expect(stdout).toMatch(/^failed: /m);
  expect(stdout).toContain(`:${line}: ${message}\n`);
  expect(stdout).toMatch(/^ {2}cause: \S/m);
  expect(stdout).toContain(`  hint:  ${hint}`);
});

test('standard input, cut in the middle', async () => {
  const log = readFileSync(join(root, 'cases/a-tiny-cold/dump.log')).subarray(0, 20_000);
  const { stdout, exitCode } = await transship(['import', '-', '--format', 'json'], log);
  expect([exitCode, JSON.parse(stdout).sources]).toMatchObject([0, [{ file: '-', kind: 'dump', outcome: 'truncated' }]]);
});

test('a checkpoint archive of podman, and logs that zstd and tar packed', async () => {
  const archives = join(packageRoot(), 'test/recorded/archives');
  const { stdout, stderr, exitCode } = await transship([
    'import',
    join(archives, 'podman-export.tar.gz'),
    join(archives, 'logs.tar.zst'),
  ]);
  expect([exitCode, stderr]).toEqual([0, '']);
  expect(stdout).toMatch(
    /podman-export\.tar\.gz\/stats-dump: statistics without their log\nCRIU's own numbers: freezing_time 427 µs, frozen_time 32\.0 ms/,
  );
  expect(stdout).toMatch(/^container counter \(podman, runc\), image \S+$/m);
  expect(stdout).toMatch(
    /^images in .*\/checkpoint: 2 processes, 2 threads\n {2}1 bash: 1 thread, 276 KiB of pages, maps private file/m,
  );
  expect(stdout).toMatch(/logs\.tar\.zst\/restore\.log:166: Can't open file run\/datafile on restore: No such file/);
  const log = gzipSync(readFileSync(join(root, 'cases/a-tiny-cold/dump.log')));
  const piped = await transship(['import', '-', '--format', 'json'], log);
  expect(JSON.parse(piped.stdout).sources).toMatchObject([{ file: '-', kind: 'dump', lines: 1078, outcome: 'ok' }]);
});

test('a report to paste: versions, phase, first error with the lines around it, what to try; redacted on demand', async () => {
  await transship(['import', 'g-rst-missing-file', '--name', 'reported']);
  const { stdout, exitCode } = await transship(['show', 'reported', '--report']);
  expect(exitCode).toBe(0);
  expect(stdout).toContain('# CRIU failed: restore failed');
  expect(stdout).toMatch(/^- CRIU 4\.1\.1, \S+ Linux 6\.18/m);
  expect(stdout).toContain(
    "- first error, line 166: `Can't open file run/datafile on restore: No such file or directory` (files-reg.c open_path)",
  );
  expect(stdout).toMatch(/^ {3}166 {2}\(00\.001740\) +397: Error \(criu\/files-reg\.c:2353\)/m);
  expect(stdout).toContain('- to try: copy it to the destination');
  const redacted = await transship(['show', 'reported', '--report', '--redact']);
  expect(redacted.stdout).toContain("Can't open file <path-2> on restore");
  expect(redacted.stdout).not.toMatch(/datafile|g-rst/);
  expect((await transship(['show', 'reported', '--redact'])).exitCode).toBe(2);
});

test('a chain of pre-dumps is one table; the silences are explained', async () => {
  const { stdout } = await transship(['import', 'q-precopy-hot', '--name', 'chain']);
  expect(stdout).toMatch(
    /^pre-copy\nround +log +written +unchanged +frozen +writing\n1 +q-precopy-hot\/p1\/dump\.log +5868 pages +0 pages/m,
  );
  expect(stdout).toMatch(/^dump +q-precopy-hot\/f\/dump\.log +1106 pages +4764 pages/m);
  expect(stdout).toMatch(/^restores the dump of q-precopy-hot\/f\/dump\.log \(run id /m);
  expect(stdout).toContain('asks every 100 ms only');
  const shown = await transship(['show', 'chain', '--no-tree', '--top', '2']);
  expect(shown.stdout).toMatch(/longest silences in CRIU's logs\n +\S+ \w+ {2}\S+ on import, before line \d+: \w/);
});

test('--at says when a log began; what came through a pipe begins nowhere else', async () => {
  const log = readFileSync(join(root, 'cases/a-tiny-cold/dump.log'));
  await transship(['import', '-', '--name', 'told', '--at', '2026-11-23T22:22:51.348Z'], log);
  const told = JSON.parse((await transship(['show', 'told', '--format', 'json'])).stdout).spans[0];
  expect([told.startNs, told.attributes['migration.clock.uncertainty_us']]).toEqual(['1795472571348500000', 500]);
  await transship(['import', '-', '--name', 'untold'], log);
  const untold = JSON.parse((await transship(['show', 'untold', '--format', 'json'])).stdout).spans[0];
  expect([untold.startNs, untold.attributes['migration.clock.uncertainty_us']]).toEqual(['0', 86_400_000_000]);
  const two = await transship(['import', 'a-tiny-cold', '--at', '2026-11-23T22:22:51Z']);
  expect([two.exitCode, two.stderr]).toEqual([2, expect.stringContaining('--at: which of 2 logs')]);
});

/** As `lib/metadata.go` of checkpointctl describes it: plain tar, logs and statistics beside `checkpoint/`. */
test('an archive as the kubelet writes it: whose it is, its dump, its images', async () => {
  const images = join(packageRoot(), 'test/recorded/images/tcp');
  const content = (path: string) => ({
    path: path.slice(path.indexOf(' ') + 1),
    content: readFileSync(path.slice(0, path.indexOf(' '))),
  });
  const archive = tarOf([
    {
      path: 'config.dump',
      content: Buffer.from(
        JSON.stringify({ id: 'f'.repeat(64), name: 'counter', rootfsImageName: 'example/counter', ociRuntime: 'crun' }),
      ),
    },
    content(`${join(root, 'cases/a-tiny-cold/dump.log')} dump.log`),
    content(`${join(root, 'cases/a-tiny-cold/stats-dump')} stats-dump`),
    ...readdirSync(images).map((name) => content(`${join(images, name)} checkpoint/${name}`)),
    {
      path: 'rootfs-diff.tar',
      content: tarOf([{ path: 'app/dump.log', content: Buffer.from('(00.000001) Dumping FAILED.\n') }]),
    },
  ]);
  const { stdout, stderr, exitCode } = await transship(['import', '-', '--name', 'kubelet'], archive);
  expect([exitCode, stderr]).toEqual([0, '']);
  expect(stdout).toMatch(/^-\/dump\.log: dump, CRIU 4\.1\.1, ok, 1078 lines/m);
  expect(stdout).toContain("CRIU's own numbers: freezing_time 101 ms");
  expect(stdout).toContain('container counter (crun), image example/counter\nimages in -/checkpoint: 2 processes');
  expect(stdout).not.toContain('app/dump.log');
});

test("an unpacked export of podman: its own spec.dump is none of CRIU's, and no word is lost on it", async () => {
  const unpacked = join(root, 'export');
  mkdirSync(unpacked);
  await execa('tar', ['-xzf', join(packageRoot(), 'test/recorded/archives/podman-export.tar.gz'), '-C', unpacked]);
  expect(readdirSync(unpacked)).toContain('spec.dump');
  const whole = await transship(['import', unpacked]);
  expect([whole.exitCode, whole.stderr]).toEqual([0, '']);
  const pstree = join(unpacked, 'checkpoint/pstree.img');
  writeFileSync(pstree, readFileSync(pstree).subarray(0, -3));
  const cut = await transship(['import', unpacked]);
  expect(cut.stderr).toMatch(/^warning .*pstree\.img: offset \d+: cut: .*: left out$/);
  expect(cut.stdout).toContain('whose processes is not known');
});

test('folders as containerd, runc and Docker leave them', async () => {
  const work = join(root, 'work');
  for (const folder of ['bundle', 'runc/criu.work', 'docker/checkpoints/c1']) mkdirSync(join(work, folder), { recursive: true });
  cpSync(join(root, 'cases/g-dump-ghost-limit/dump.log'), join(work, 'bundle/criu-dump.log'));
  cpSync(join(root, 'cases/a-tiny-cold/restore.log'), join(work, 'runc/criu.work/restore.log'));
  cpSync(join(packageRoot(), 'test/recorded/images/tcp'), join(work, 'docker/checkpoints/c1'), { recursive: true });
  writeFileSync(join(work, 'docker/checkpoints/c1/config.json'), '{"name":"c1"}');
  try {
    const all = await execa('node', [join(packageRoot(), 'dist/src/cli/main.js'), 'import', 'work', '--format', 'json'], {
      ...{ cwd: root, env: { PATH: process.env.PATH, TRANSSHIP_TRACES: join(root, 'runs') }, extendEnv: false, stdin: 'ignore' },
    });
    const { sources, images } = JSON.parse(all.stdout);
    expect(sources.map(({ file, kind, outcome }: Record<string, string>) => [file, kind, outcome])).toEqual([
      ['work/bundle/criu-dump.log', 'dump', 'failed'],
      ['work/runc/criu.work/restore.log', 'restore', 'ok'],
    ]);
    expect(images.map(({ folder, processes }: { folder: string; processes: unknown[] }) => [folder, processes.length])).toEqual([
      ['work/docker/checkpoints/c1', 2],
    ]);
  } finally {
    rmSync(work, { recursive: true });
  }
});

const esc = String.fromCharCode(27);
const refused: readonly [string, Uint8Array | null, RegExp][] = [
  [
    'binary',
    Buffer.from('ELF\0\x01\nxx\0'),
    /^error: bad\/binary:1: binary data, no log of CRIU\n {2}hint: transship import takes dump\.log/,
  ],
  ['empty.log', Buffer.alloc(0), /^error: bad\/empty\.log:1: the file is empty\n {2}hint: /],
  ['text', Buffer.from('hello\nworld\n'), /^error: bad\/text:1: no line of a CRIU log in the first 3\n {2}hint: /],
  ['stats-dump', Buffer.from('40591055063309572300', 'hex'), /^error: bad\/stats-dump: offset 10: cut in its header\n {2}hint: /],
  [`name${esc}[31m`, Buffer.from('x'), /^error: bad\/name\\x1b\[31m:1: no line/],
  ['missing', null, /^error: bad\/missing: cannot be read \(ENOENT\)\n {2}hint: check the path/],
  ['.', null, /^error: bad: no file of CRIU in it\n {2}hint: /],
];

test.each(refused)('%j is refused with place and hint, and leaves nothing behind', async (name, bytes, message) => {
  mkdirSync(join(root, 'cases/bad'));
  try {
    if (bytes !== null) writeFileSync(join(root, 'cases/bad', name), bytes);
    const before = runs();
    const { stdout, stderr, exitCode } = await transship(['import', name === '.' ? 'bad' : `bad/${name}`]);
    expect(stderr).toMatch(message);
    expect([stdout, exitCode, runs()]).toEqual(['', 4, before]);
  } finally {
    rmSync(join(root, 'cases/bad'), { recursive: true });
  }
});

test('a name that is taken is refused, and the run that has it stays as it was', async () => {
  mkdirSync(join(root, 'runs/taken'));
  const { stderr, exitCode } = await transship(['import', 'a-tiny-cold', '--name', 'taken']);
  expect([exitCode, readdirSync(join(root, 'runs/taken'))]).toEqual([2, []]);
  expect(stderr).toMatch(/taken: cannot make the run's folder \(EEXIST\)\n {2}hint: take another name/);
});
