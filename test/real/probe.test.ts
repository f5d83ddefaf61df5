import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { readObjects } from '../../src/evidence/json-lines.ts';
import type { ProbeRecord } from '../../src/evidence/records.ts';
import { startProbes } from '../../src/probe/observer.ts';
import { readTicker } from '../../src/probe/ticker.ts';
import { nowNs } from '../../src/trace/time.ts';

const children: ChildProcess[] = [];
let folder = '';

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'probe-'));
});

afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
});

function start(...words: readonly [string, ...string[]]): ChildProcess {
  const child = spawn(words[0], words.slice(1), { stdio: ['ignore', 'pipe', 'inherit'] });
  children.push(child);
  return child;
}

async function startServer(address: string, port: number): Promise<ChildProcess> {
  const server = start(process.execPath, 'test/fixtures/ping-server.mjs', address, String(port));
  if (server.stdout) await once(server.stdout, 'data');
  return server;
}

/** A port that nobody listens on at either address. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  await new Promise((done) => server.close(done));
  return port;
}

async function probesOf(port: number, protocol: 'redis' | 'tcp' = 'redis') {
  const targets = ['127.0.0.1', '127.0.0.2'].map((address) => ({ address, port }));
  return startProbes({ networkPrefix: [], targets, protocol, evidenceFile: join(folder, 'probe.jsonl') });
}

async function freeze(child: ChildProcess, forMs: number): Promise<void> {
  child.kill('SIGSTOP');
  await sleep(forMs);
  child.kill('SIGCONT');
}

describe('the outside observer', () => {
  test('a server that stands still for 300 ms: both probes see the gap, and no break', async () => {
    const port = await freePort();
    const server = await startServer('127.0.0.1', port);
    await using probes = await probesOf(port);
    expect(await probes.ready).toBe(true);
    await sleep(300);
    await freeze(server, 300);
    await sleep(300);
    const [requests, connection] = await probes.stop();

    expect(requests).toMatchObject({ kind: 'requests', target: `127.0.0.1:${port}` });
    expect(requests?.gapUs).toBeGreaterThan(290_000);
    expect(requests?.gapUs).toBeLessThan(2_000_000);
    expect(requests?.resolutionUs).toBeGreaterThanOrEqual(1_000);
    expect(connection).toMatchObject({ kind: 'connection', note: expect.stringContaining('never broken') });
    expect(connection?.gapUs).toBeGreaterThan(280_000);
    expect(connection?.resolutionUs).toBeGreaterThanOrEqual(10_000);

    const records = readObjects(join(folder, 'probe.jsonl')) as readonly ProbeRecord[];
    // a busy machine has smaller ones before and after
    const gaps = records.filter((record) => record.kind === 'gap' && record.probe === 'requests');
    const longest = { to: { answeredNs: requests?.gapEndNs }, from: { answeredNs: requests?.gapStartNs } };
    expect(gaps).toContainEqual(
      expect.objectContaining({ to: expect.objectContaining(longest.to), from: expect.objectContaining(longest.from) }),
    );
  });

  test('a server that dies and comes up at the other address 200 ms later: a move, and a connection broken and reopened', async () => {
    const port = await freePort();
    const first = await startServer('127.0.0.1', port);
    await using probes = await probesOf(port);
    expect(await probes.ready).toBe(true);
    await sleep(200);
    first.kill('SIGKILL');
    await sleep(200);
    await startServer('127.0.0.2', port);
    await sleep(300);
    const [requests, connection] = await probes.stop();

    expect(requests?.target).toBe(`127.0.0.1:${port} to 127.0.0.2:${port}`);
    expect(requests?.gapUs).toBeGreaterThan(190_000);
    expect(requests?.gapUs).toBeLessThan(5_000_000);
    expect(connection?.target).toBe(`127.0.0.2:${port}`);
    expect(connection?.note).toMatch(new RegExp(`broken \\(.+\\), reopened to 127.0.0.2:${port} after \\d+ ms`));
    const events = (readObjects(join(folder, 'probe.jsonl')) as readonly ProbeRecord[]).flatMap((r) =>
      r.kind === 'connection' ? [r.event] : [],
    );
    expect(events).toEqual(['open', 'broken', 'reopened', 'closed']);
  });

  test('a server that is frozen for good while the other comes up: the silent connection is left behind', async () => {
    const port = await freePort();
    const first = await startServer('127.0.0.1', port);
    await using probes = await probesOf(port);
    expect(await probes.ready).toBe(true);
    first.kill('SIGSTOP');
    await sleep(200);
    await startServer('127.0.0.2', port);
    await sleep(300);
    const [requests, connection] = await probes.stop();
    expect(requests?.target).toBe(`127.0.0.1:${port} to 127.0.0.2:${port}`);
    expect(requests?.gapUs).toBeGreaterThan(190_000);
    expect(connection?.note).toContain(`went silent without a break, reopened to 127.0.0.2:${port}`);
  });

  test('a server that never comes back: the gap has a start and no end', async () => {
    const port = await freePort();
    const server = await startServer('127.0.0.1', port);
    await using probes = await probesOf(port);
    expect(await probes.ready).toBe(true);
    server.kill('SIGKILL');
    await sleep(1_500);
    const [requests, connection] = await probes.stop();
    expect(requests).toMatchObject({ gapUs: null, gapEndNs: null, gapStartNs: expect.stringMatching(/^\d+$/) });
    expect(requests?.note).toMatch(/no answer in the last \d+ ms/);
    expect(connection?.note).toMatch(/broken \(.+\), not reopened/);
  });

  test('connections alone: the gap is from the break to the next connection', async () => {
    const port = await freePort();
    const first = await startServer('127.0.0.1', port);
    await using probes = await probesOf(port, 'tcp');
    expect(await probes.ready).toBe(true);
    first.kill('SIGKILL');
    await sleep(200);
    await startServer('127.0.0.2', port);
    await sleep(300);
    const [requests, connection] = await probes.stop();
    expect(requests?.gapUs).toBeGreaterThan(180_000);
    expect(requests?.resolutionUs).toBeGreaterThanOrEqual(10_000);
    expect(requests?.note).toContain('the kernel of a frozen container still accepts');
    expect(connection?.gapUs).toBeGreaterThan(180_000);
    expect(connection?.note).toContain(`reopened to 127.0.0.2:${port}`);
  });

  test('nobody there: not ready, no gap, and it says so', async () => {
    const probes = await probesOf(await freePort());
    const readings = await probes.stop();
    expect(await probes.ready).toBe(false);
    expect(readings.map(({ gapUs, note }) => [gapUs, note?.split('; ')[0]])).toEqual([
      [null, 'no answer at all'],
      [null, 'no answer at all'],
    ]);
  });

  test.each([
    [['sh', '-c', 'echo no such namespace >&2; exit 7'], /^the observer ended without a summary: no such namespace$/],
    [['sh', '-c', 'kill -9 $$'], /^the observer ended without a summary: .+SIGKILL/],
    [['/nowhere/nsenter'], /^the observer ended without a summary: .+ENOENT/],
  ])('an observer that cannot start behind %j gives no numbers and the reason', async (networkPrefix, note) => {
    const evidenceFile = join(folder, 'probe.jsonl');
    const probes = await startProbes({ networkPrefix, targets: [], protocol: 'redis', evidenceFile });
    expect(await probes.ready).toBe(false);
    const [requests] = await probes.stop();
    expect(requests).toMatchObject({ gapUs: null, note: expect.stringMatching(note) });
    expect(existsSync(evidenceFile)).toBe(false);
  });
});

test('the ticker finds the 200 ms in which it was stopped', async () => {
  const startNs = nowNs();
  const ticker = start('perl', 'vm/workload/ticker.pl', join(folder, 'ticker'));
  await sleep(300);
  await freeze(ticker, 200);
  await sleep(200);
  const text = readFileSync(join(folder, 'ticker', 'gaps'), 'utf8');
  const same = { offsetNs: 0n, boundNs: 0n };
  const window = { startNs, endNs: nowNs() };
  const { reading } = readTicker({ text, container: 'web', host: 'local', window, source: same, destination: same });
  expect(reading.gapUs).toBeGreaterThan(199_000);
  expect(reading.gapUs).toBeLessThan(2_000_000);
});
