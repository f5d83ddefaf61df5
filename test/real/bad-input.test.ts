import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { transship } from '../built-command.ts';
import { onHost } from '../destination-state.ts';
import { counterName, remains, startCounter } from '../host-faults.ts';
import { describeOnHosts } from '../two-hosts.ts';

interface BadInput {
  readonly args: readonly string[];
  readonly status: number;
  readonly message: RegExp;
  readonly hint: RegExp;
}

const migrate = (...words: readonly string[]) => ['migrate', ...words];

describeOnHosts('bad input', 'badinput', (hosts) => {
  let before = { a: '', b: '' };

  beforeAll(async () => {
    const { a, b } = hosts();
    await startCounter(a, '-v kept:/kept');
    await startCounter(b);
    await onHost(b, `docker rename ${counterName} taken`);
    await onHost(
      a,
      `docker run -d --name taken counter /bin/sleep 1000; docker run -d --name still counter /bin/sleep 1000; docker run --name over counter /bin/sh -c :`,
    );
    before = { a: await remains(a), b: await remains(b) };
  });

  test.each<[string, BadInput]>([
    [
      'no such container',
      {
        args: migrate('nothing', 'test:b', '--from', 'test:a'),
        status: 3,
        message: /^error: no container 'nothing' on a$/m,
        hint: /docker ps on a lists them/,
      },
    ],
    [
      'a container that does not run',
      {
        args: migrate('over', 'test:b', '--from', 'test:a'),
        status: 3,
        message: /^error: a: it is exited/m,
        hint: /docker start/,
      },
    ],
    ['no such test host', { args: migrate('still', 'test:z', '--from', 'test:a'), status: 3, message: /test:z/, hint: /./ }],
    [
      'no such host',
      {
        args: migrate('still', 'ssh://root@nowhere.invalid', '--from', 'test:a'),
        status: 3,
        message: /nowhere\.invalid/,
        hint: /./,
      },
    ],
    [
      'a port where nobody listens',
      { args: migrate('still', 'ssh://root@127.0.0.1:1', '--from', 'test:a'), status: 3, message: /refused/i, hint: /./ },
    ],
    [
      'one host twice',
      {
        args: migrate('still', 'test:a', '--from', 'test:a'),
        status: 2,
        message: /source and destination are both a/,
        hint: /two hosts/,
      },
    ],
    [
      'a volume without a word',
      {
        args: migrate(counterName, 'test:b', '--from', 'test:a'),
        status: 3,
        message: /\/kept \(volume kept\)/,
        hint: /--volumes copy/,
      },
    ],
    ['a name that is taken', { args: migrate('taken', 'test:b', '--from', 'test:a'), status: 3, message: /taken/, hint: /./ }],
    [
      'a strategy that is none',
      { args: migrate('still', 'test:b', '--strategy', 'teleport'), status: 2, message: /teleport/, hint: /docker/ },
    ],
    ['a mistyped flag', { args: migrate('still', 'test:b', '--plane'), status: 2, message: /--plane/, hint: /--plain/ }],
    [
      'volumes by a word that is none',
      { args: migrate('still', 'test:b', '--volumes', 'move'), status: 2, message: /move/, hint: /copy/ },
    ],
    [
      'a run’s name that cannot be',
      {
        args: migrate('still', 'test:b', '--from', 'test:a', '--name', '../up'),
        status: 2,
        message: /cannot name a run/,
        hint: /letters/,
      },
    ],
    ['a run that is not there', { args: ['show', 'r999'], status: 4, message: /no run 'r999'/, hint: /transship runs/ }],
  ])('%s', async (_, { args, status, message, hint }) => {
    const { exitCode, stdout, stderr } = await transship(args);
    expect(stderr).toMatch(message);
    expect(stderr).toMatch(hint);
    expect(stderr).not.toMatch(/^\s+at /m);
    expect({ exitCode, stdout }).toEqual({ exitCode: status, stdout: '' });
    expect(readdirSync(process.env.TRANSSHIP_TRACES ?? '')).toEqual([]);
  });

  test('a published port that is taken is refused before anything is touched', async () => {
    const { a, b } = hosts();
    for (const [host, name] of [
      [a, 'porter'],
      [b, 'porter2'],
    ] as const)
      await onHost(host, `docker run -d -p 7777:7777 --name ${name} counter /bin/sleep 1000`);
    const { exitCode, stderr } = await transship(migrate('porter', 'test:b', '--from', 'test:a'));
    await onHost(a, 'docker rm -f porter');
    await onHost(b, 'docker rm -f porter2');
    expect(exitCode).toBe(3);
    expect(stderr).toMatch(/7777/);
  });

  test('after all of it, both hosts are as they were', async () => {
    expect(await remains(hosts().a)).toBe(before.a);
    expect(await remains(hosts().b)).toBe(before.b);
  });
});

describe('a log that is none', () => {
  let folder = '';
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'transship-bad-'));
    writeFileSync(join(folder, 'dump.log'), Buffer.from(Array.from({ length: 4096 }, (_, index) => (index * 151) % 256)));
    writeFileSync(join(folder, 'empty.log'), '');
    writeFileSync(join(folder, 'cut.log'), '(258');
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  test.each([
    ['binary', 'dump.log', /dump\.log:1: binary data/],
    ['empty', 'empty.log', /empty\.log:1: the file is empty/],
    ['cut in its first line', 'cut.log', /cut\.log:1: /],
    ['missing', 'no.log', /no\.log: /],
  ])('%s', async (_, name, message) => {
    const runs = join(folder, 'runs');
    const { exitCode, stdout, stderr } = await transship(['import', join(folder, name)], { TRANSSHIP_TRACES: runs });
    expect(stderr).toMatch(message);
    expect(stderr).toContain('hint: ');
    expect({ exitCode, stdout }).toEqual({ exitCode: 4, stdout: '' });
  });
});

test('a host that hangs is given up', async () => {
  const server = createServer(() => {}); // accepts, and never says a word
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  const { exitCode, stdout } = await transship(['doctor', `ssh://root@127.0.0.1:${port}`]);
  server.close();
  expect(exitCode).toBe(3);
  expect(stdout).toMatch(/^connect +fail .*127\.0\.0\.1/m);
});
