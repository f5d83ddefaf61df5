import { type SpawnOptions, type SpawnSyncOptions, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { packageRoot } from '../evidence/run-folder.ts';
import { parseCalls } from '../migrate/collect-watch.ts';
import { hostFile } from './host-files.ts';

/**
 * "runc takes this shell's place" (runtime.sh), "becomes the program" (call.sh): a program named runc that reports what it was given, called
 * directly and by way of what stands before it.
 */
const folder = mkdtempSync(join(tmpdir(), 'transship-runtime-'));
const direct = join(packageRoot(), 'test/fixtures/reporting/runc');
const watched = join(folder, 'watch');
const program = (name: string, text: string) => {
  mkdirSync(join(folder, name), { recursive: true });
  writeFileSync(join(folder, name, 'runc'), text, { mode: 0o755 });
  return join(folder, name, 'runc');
};
const ways = [
  ['our runtime', program('runtime', hostFile('runtime'))],
  [
    'the wrapper, when nothing is traced',
    program('untraced', hostFile('call').replaceAll('/run/transship/watch', '/nonexistent')),
  ],
  ['the wrapper, in a traced move', program('traced', hostFile('call').replaceAll('/run/transship/watch', watched))],
] as const;
let ours: string = ways[0][1];
mkdirSync(watched);
writeFileSync(join(watched, 'calls'), '');
writeFileSync(join(watched, 'traceparent'), '00-aaaa-bbbb-01\n');
symlinkSync(direct, join(folder, 'runc'));
const environment = { PATH: `${folder}:/usr/bin:/bin`, PWD: folder, HOME: '/root' };
afterAll(() => rmSync(folder, { recursive: true }));

const base = { cwd: folder, env: environment, encoding: 'utf8', timeout: 10_000 } as const;

function call(program: string, words: readonly string[], options: SpawnSyncOptions = {}) {
  const { stdout, stderr, status, signal } = spawnSync(program, words, { ...base, ...options });
  return { report: told(String(stdout)), stderr: String(stderr), status, signal };
}

/** Without what is another in each call: process ids, numbers of pipes, and by which path perl has opened its program. */
function told(text: string): string {
  return text
    .replace(/^pid .*\n/, '')
    .replace(/(pipe|socket):\[\d+\]/g, '$1')
    .replaceAll(join(folder, 'runc'), direct);
}

function bothWays(words: readonly string[], options: SpawnSyncOptions = {}) {
  const [expected, given] = [call(direct, words, options), call(ours, words, options)];
  expect(given).toEqual(expected);
  return given;
}

describe.each(ways)('runc by way of %s gets what its caller gave', (_, way) => {
  beforeAll(() => {
    ours = way;
  });
  test('the same words: empty ones, blanks, line breaks, any number of them', () => {
    const word = fc.oneof(
      fc.constantFrom('', ' ', '\n', '*', '~', '$HOME', '-', '--', '.', '..', '/', '../..', '"', "'", '\\', '`id`', '$1', '-x'),
      fc.string().map((text) => text.replaceAll('\0', '')),
    );
    bothWays([]);
    fc.assert(
      fc.property(fc.array(word, { maxLength: 14 }), (words) => void bothWays(words)),
      { numRuns: 60 },
    );
    expect(bothWays(['a b', '', '\n']).report).toMatch(/^word 612062\nword \nword 0a\nvariable /);
  });

  test('the same environment, also where a script would use a name of its own', () => {
    const names = ['id', 'staged', 'runc', 'status', 'command', 'x', 'LC_ALL', 'OLDPWD', 'SHLVL', 'CDPATH', '_'];
    const env = { ...environment, ...Object.fromEntries(names.map((name) => [name, `of the caller's: ${name}\n  `])), EMPTY: '' };
    expect(bothWays(['create', 'abc'], { env }).report.match(/^variable /gm)).toHaveLength(names.length + 4);
    // "PWD says where it is": the one thing, when the caller has none, or an old one
    const { PWD: _, ...bare } = environment;
    const withoutPwd = (text: string) => text.replace(/^variable 5057443d.*\n/m, '');
    for (const env of [bare, { ...bare, PWD: '/' }])
      expect(withoutPwd(call(ours, ['x'], { env }).report)).toBe(withoutPwd(call(direct, ['x'], { env }).report));
  });

  test('the same descriptors, and no other', () => {
    const opened = 'exec 3<runtime 7>/dev/null 10<runtime 11<. 255<runtime; exec "$@"';
    const closed = 'exec <&- 2>&-; exec "$@"';
    const [all, few] = [opened, closed].map((script) =>
      [direct, ours].map((program) => call('bash', ['-c', script, 'bash', program, 'state', 'x'])),
    );
    expect(all?.[1]).toEqual(all?.[0]);
    expect(all?.[1]?.report).toMatch(/^file 255 /m);
    expect(few?.[1]).toEqual(few?.[0]);
  });

  test('the same input, unread, and both outputs apart', () => {
    const input = Buffer.alloc(1_000_000, 'line of input\n');
    const { report, stderr } = bothWays(['copy', 'x'], { input });
    expect(report).toContain('input 1000000 ');
    expect(stderr).toBe('to stderr\n');
  });

  test('signals that the caller ignores, its umask and its priority', () => {
    const script = 'trap "" HUP INT USR1; umask 027; exec nice -n 3 "$@"';
    const [expected, given] = [direct, ours].map((program) => call('sh', ['-c', script, 'sh', program, 'delete', 'x']));
    expect(given).toEqual(expected);
    expect(given?.report).toMatch(/SigIgn:\s*0*[1-9a-f]/);
  });
});

describe.each(ways)('the caller of %s gets what runc gives', (_, way) => {
  beforeAll(() => {
    ours = way;
  });
  test('every exit status', () => {
    const codes = Array.from({ length: 256 }, (_, code) => code);
    expect(codes.map((code) => call(ours, ['exit', String(code)]).status)).toEqual(codes);
  });

  test.each(['SIGKILL', 'SIGTERM', 'SIGSEGV', 'SIGUSR1'] as const)('a death by %s', (signal) => {
    expect(bothWays(['die', signal.slice(3)])).toMatchObject({ status: null, signal });
  });

  test.each(['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGUSR1', 'SIGQUIT'] as const)(
    'a %s to its process id is to runc',
    async (signal) => {
      const child = spawn(ours, ['exec', 'wait'], { ...base, stdio: ['ignore', 'pipe', 'inherit'] } satisfies SpawnOptions);
      let said = '';
      for await (const chunk of child.stdout ?? []) {
        said += chunk;
        if (said.endsWith('ready\n')) child.kill(signal);
      }
      if (child.exitCode === null) await once(child, 'exit');
      expect(said).toContain(`pid ${child.pid} parent ${process.pid}\n`);
      expect(said).toMatch(new RegExp(`got ${signal.slice(3)}\n$`));
      expect(child.exitCode).toBe(5);
    },
  );
});

test('the report can tell: other words, another environment, another descriptor', () => {
  const one = call(direct, ['a']).report;
  expect(call(direct, ['a', '']).report).not.toBe(one);
  expect(call(direct, ['a'], { env: { ...environment, B: '' } }).report).not.toBe(one);
  expect(call('bash', ['-c', 'exec 8</dev/null; exec "$@"', 'bash', direct, 'a']).report).not.toBe(one);
});

test('a traced call is noted, with all its words', () => {
  writeFileSync(join(watched, 'calls'), '');
  ours = ways[2][1];
  const told = spawnSync(ours, ['--root', '', 'exit\n', '3'], base);
  const [record, ...more] = parseCalls(readFileSync(join(watched, 'calls'), 'utf8'), '');
  expect(more).toEqual([]);
  expect(record).toMatchObject({ program: 'runc', argv: ['--root', '', 'exit\n', '3'], traceparent: '00-aaaa-bbbb-01' });
  expect(record).toMatchObject({ pid: told.pid, parentPid: process.pid });
});
