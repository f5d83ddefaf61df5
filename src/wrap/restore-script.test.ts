import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  closeSync,
  constants,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  readSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execaSync } from 'execa';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { hostFile } from './host-files.ts';

/** "The wait in `create` has a limit" (restore.sh): the script as it runs on a destination, with a runc that says what CRIU's stand-in says. */
let root = '';
let folder = '';

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'transship-restore-'));
  folder = join(root, 'stage');
  for (const path of ['bin', 'bundle', 'stage/images', 'stage/work']) mkdirSync(join(root, path), { recursive: true });
  for (const name of ['restore', 'restore-watch', 'mark'] as const) writeFileSync(join(root, name), hostFile(name));
  writeFileSync(join(root, 'bundle/config.json'), '{}');
  execaSync('sh', ['-c', 'mkfifo "$0"', join(folder, 'go')]);
  program('criu', 'exit 9');
});
afterEach(() => rmSync(root, { recursive: true }));

const program = (name: string, text: string) => writeFileSync(join(root, 'bin', name), `#!/bin/sh\n${text}\n`, { mode: 0o755 });

/** `asks`: as src/wrap/host/criu.sh does once runc has come to the restore. */
const runcThat = {
  asks: `echo "work $$" >$TRANSSHIP_STAGE/asked; read -r word <$TRANSSHIP_STAGE/answer; exit 1`,
  hangs: 'exec sleep 60',
};

interface Created {
  readonly status: number | null;
  readonly log: string;
  /** Between two marks of the script's own. */
  readonly secondsUntilRefused: number;
}

const say = (word: string) => async () => writeFileSync(join(folder, 'go'), `${word}\n`);

async function create(
  settings: string,
  act: () => Promise<void> = async () => undefined,
  out: readonly (number | 'ignore')[] = ['ignore', 'ignore'],
): Promise<Created> {
  writeFileSync(join(folder, 'settings'), `${settings}\n`);
  const words = [
    '--root',
    join(root, 'runc'),
    '--log',
    join(root, 'log'),
    'create',
    '--bundle',
    join(root, 'bundle'),
    '--pid-file',
    join(root, 'pid'),
    'abc',
  ];
  const PATH = `${join(root, 'bin')}:${process.env.PATH}`;
  const script = spawn('bash', [join(root, 'restore'), folder, ...words], {
    env: { PATH },
    stdio: ['ignore', ...out],
    timeout: 40_000,
  });
  const ended = once(script, 'exit');
  await expect.poll(() => existsSync(join(folder, 'waiting')), { timeout: 20_000, interval: 10 }).toBe(true);
  await act();
  const [status] = await ended;
  const marks = readFileSync(join(folder, 'marks'), 'utf8');
  const at = (mark: string) => Number(new RegExp(`^([\\d.]+) ${mark}`, 'm').exec(marks)?.[1]);
  const secondsUntilRefused = at('runtime.refused') - at('runtime.waiting');
  const log = existsSync(join(root, 'log')) ? readFileSync(join(root, 'log'), 'utf8') : '';
  return { status, log, secondsUntilRefused };
}

const refusal = (why: string) => `{"level":"error","msg":"transship: ${why}"}\n`;

describe('create waits for one time, however many words come', () => {
  test('nobody says anything', async () => {
    const { status, log, secondsUntilRefused } = await create('wait_s=1');
    expect({ status, log }).toEqual({ status: 1, log: refusal('nobody said go within 1 s') });
    expect(secondsUntilRefused).toBeGreaterThan(0.95);
    expect(existsSync(join(folder, 'decided'))).toBe(false);
  });

  // it counts real seconds: a machine that stands still for some of them may have it run once more
  test('runc is prepared late, and nobody says go: the deadline is that of before', { timeout: 40_000, retry: 2 }, async () => {
    program('runc', `sleep 2.5; ${runcThat.asks}`);
    const { status, log, secondsUntilRefused } = await create('wait_s=4', say('prepare'));
    expect({ status, log }).toEqual({ status: 1, log: refusal('nobody said go within 4 s') });
    expect(secondsUntilRefused).toBeLessThan(6.4);
  });

  test.each([
    ['its own limit', 'wait_s=60 begin_s=1', /^runc restore did not begin within 1 s$/],
    ["create's deadline", 'wait_s=3 begin_s=60', /^runc restore did not begin within [1-4] s$/],
  ])('runc never begins: %s', { timeout: 40_000 }, async (_, settings, why) => {
    program('runc', runcThat.hangs);
    const { status, log } = await create(settings, say('prepare'));
    expect(status).toBe(1);
    expect(JSON.parse(log).msg.replace('transship: ', '')).toMatch(why);
  });

  test('who gives up is heard at once', async () => {
    const { status, log } = await create('wait_s=60', say('abort'));
    expect({ status, log }).toEqual({ status: 1, log: refusal('the move was given up') });
  });
});

test.each([
  ['137', 'the page daemon has ended'],
  ['0', 'it took longer than 2 s'],
])('a restore whose page daemon has ended with %s: %s', { timeout: 40_000 }, async (ended, why) => {
  writeFileSync(join(folder, 'lazy-status'), `${ended}\n`);
  program('ip', 'exit 0');
  program('runc', runcThat.asks.replace('exit 1', '[ "$word" = go ] && sleep 60; exit 1'));
  const { status } = await create('wait_s=60 restore_s=2', say('go'));
  expect(status).not.toBe(0);
  expect(readFileSync(join(folder, 'marks'), 'utf8')).toContain(`runtime.killing ${why}`);
});

describe('what the container has logged while its files were copied', () => {
  const line = (stream: string, number: number) =>
    `${JSON.stringify({ log: `${stream} ${number} <ä> ${'x'.repeat(500)}\n`, stream, time: '2026-01-01T00:00:00Z' })}\n`
      .replaceAll('<', '\\u003c')
      .replaceAll('>', '\\u003e');
  /** As containerd makes them, which reads them once create has returned. */
  const pipe = (name: string) => {
    execaSync('mkfifo', [join(root, name)]);
    const reads = openSync(join(root, name), constants.O_RDONLY | constants.O_NONBLOCK);
    return { reads, writes: openSync(join(root, name), constants.O_WRONLY) };
  };
  const readAll = ({ reads, writes }: ReturnType<typeof pipe>) => {
    const all: Buffer[] = [];
    const part = Buffer.alloc(1_000_000);
    try {
      for (;;) all.push(Buffer.from(part.subarray(0, readSync(reads, part))));
    } catch (error) {
      expect(error).toMatchObject({ code: 'EAGAIN' });
    }
    for (const fd of [reads, writes]) closeSync(fd);
    return Buffer.concat(all).toString();
  };
  const numbers = (stream: string, all: string) =>
    [...all.matchAll(new RegExp(`^${stream} (\\d+) <ä> x{500}$`, 'gm'))].map(([, number]) => Number(number));

  test.each([10, 1_000])(
    '%s lines on each stream: all are there when create returns, which nobody has read meanwhile',
    { timeout: 40_000 },
    async (count) => {
      const lines = Array.from({ length: count }, (_, number) => line('stdout', number) + line('stderr', number));
      writeFileSync(join(folder, 'images/transship.log'), lines.join(''));
      program('ip', 'exit 0');
      program('runc', runcThat.asks.replace('exit 1', '[ "$word" = go ]'));
      const pipes = ['out', 'err'].map((name) => pipe(name));
      const { status } = await create(
        'wait_s=60',
        say('go'),
        pipes.map(({ writes }) => writes),
      );
      expect(status).toBe(0);
      const said = pipes.map((each) => readAll(each));
      const all = Array.from({ length: count }, (_, number) => number);
      expect(['stdout', 'stderr'].map((stream, index) => numbers(stream, said[index] ?? ''))).toEqual([all, all]);
      expect(readFileSync(join(folder, 'marks'), 'utf8')).not.toContain('replays-beside');
    },
  );
});

/** As ss(8) of iproute2 6.1 and 6.15 writes of a connection over a cut link, and of one that waits for its first answer. */
test.each([
  ['6 times again', '10.77.0.2', 'ESTAB', 'backoff:6', 'the source acknowledges no request for pages', 60],
  ['6 times again, by IPv6', '[fd00::2]', 'ESTAB', 'backoff:6', 'the source acknowledges no request for pages', 60],
  ['5 times again', '10.77.0.2', 'ESTAB', 'backoff:5', 'it took longer than 8 s', 8],
  [
    'for the first time, at a link that was cut before',
    '10.77.0.2',
    'SYN-SENT',
    'backoff:1',
    'the source acknowledges no request for pages',
    60,
  ],
])('a restore whose page daemon asks in vain, %s', { timeout: 60_000 }, async (_, from, state, backoff, why, limitS) => {
  program('ip', 'exit 0');
  program(
    'ss',
    `[ "$*" = "-tniH dst ${from} dport = :9009" ] && echo "${state} 0 24 10.77.0.3:51234 10.77.0.2:9009 cubic rto:12864 ${backoff} rtt:0.05/0.02 bytes_sent:48 unacked:1 lastrcv:15000"`,
  );
  program('runc', runcThat.asks.replace('exit 1', '[ "$word" = go ] && sleep 60; exit 1'));
  const { status } = await create(`wait_s=60 restore_s=${limitS} pages_from=${from}:9009`, say('go'));
  expect(status).not.toBe(0);
  expect(readFileSync(join(folder, 'marks'), 'utf8')).toContain(`runtime.killing ${why}`);
});

describe('what was edited of runc so that it joins a network namespace says again what it said', () => {
  const restored = (namespaces: string, path: string) =>
    `{"namespace_paths":{"NEWNET":"${path}"},"config":{"namespaces":[${namespaces}]}}`;
  const joined = '{"type":"NEWNET","path":"/run/docker/netns/1"}';

  test.each([
    ['as runc 1.1 writes it', restored(joined, '/run/docker/netns/1'), false],
    ['with a blank more', restored(joined.replace('",', '", '), '/run/docker/netns/1'), true],
    ['with other members', restored(joined, '').replace('"NEWNET":', '"net":'), true],
  ])('%s', async (_, text, isTold) => {
    const state = join(root, 'runc/abc/state.json');
    mkdirSync(join(root, 'runc/abc'), { recursive: true });
    writeFileSync(state, text);
    writeFileSync(join(root, 'pid'), '77\n');
    writeFileSync(join(folder, 'network'), 'netns=/run/docker/netns/1 lan_links=()\n');
    writeFileSync(join(folder, 'config.json'), '{"as": "before"}');
    program('ip', 'exit 0');
    program('runc', runcThat.asks.replace('exit 1', '[ "$word" = go ]'));
    const { status } = await create('wait_s=60', say('go'));
    expect(status).toBe(0);
    expect(readFileSync(join(root, 'bundle/config.json'), 'utf8')).toBe('{"as": "before"}');
    expect(existsSync(join(folder, 'not-put-back'))).toBe(isTold);
    expect(readFileSync(join(folder, 'marks'), 'utf8').includes(`runtime.not-put-back ${state}`)).toBe(isTold);
    if (!isTold) expect(readFileSync(state, 'utf8')).toBe(restored('{"type":"NEWNET","path":""}', '/proc/77/ns/net'));
  });
});
