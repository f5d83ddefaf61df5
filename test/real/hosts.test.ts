import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { release } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ApiRecord, CommandRecord } from '../../src/evidence/records.ts';
import { measureClock } from '../../src/hosts/clock-offset.ts';
import { connectHost } from '../../src/hosts/connect.ts';
import type { Host } from '../../src/hosts/host.ts';
import { preflight } from '../../src/hosts/preflight.ts';
import { readTestbed, testbedFolder } from '../../vm/testbed-state.ts';
import { testSet } from '../test-set.ts';
import { describeOnHosts, type TwoHosts } from '../two-hosts.ts';

const set = testSet('hosts-test');
const faultySet = 'hosts-faulty';

/** A container needs a shell and sleep; taken from the host itself, since it reaches no registry. */
const makeContainer = `
cd / && { for f in /bin/bash /bin/sh /bin/sleep; do echo $f; ldd $f | grep -o '/[^ ]*'; done; } | sort -u | tar -ch -T - | docker import - tiny
docker volume create data
docker run -d --name web --restart=always -p 8080:80 -v data:/data --health-cmd 'sleep 50' --health-interval 1s --health-timeout 60s \\
  tiny /bin/bash -c 'exec 3<>/dev/tcp/10.77.0.2/22; while :; do sleep 1000; done'
docker exec -d web sleep 500`;

describeOnHosts('a host by ssh', 'hosts-test', (hosts) => {
  test('a command has its exit status, both streams apart, and no input but what is given', () => shellAnswers(hosts().a));
  test('a command over its limit is killed with its children, and the shell goes on', () => overrunIsKilled(hosts().a));
  test('bulk data passes unchanged both ways, and kill reaches the far process', () => bulkPasses(hosts().a));
  test('facts name the kernel and every version', () => factsAreThere(hosts().a));
  test("a test host's clock is this machine's, within the bound", () => clockIsOurs(hosts().a));
  test('the observer is told of API calls and commands, without secrets', () => observerIsTold(hosts().a));
  test('preflight finds what stands in the way of a container', () => preflightFinds(hosts()), 60_000);
  describe('failures are bounded and say what to do', () => failures());
});

async function shellAnswers({ shell }: Host): Promise<void> {
  const plain = await shell.run("echo out; echo 'it''s err' >&2; cat; cd /proc; exit 3");
  expect(plain).toMatchObject({ exitCode: 3, stdout: 'out\n', stderr: 'its err\n' });
  expect(plain.endNs).toBeGreaterThan(plain.startNs);
  expect(await shell.run('pwd; cat', { stdin: "no 'newline'\nat the end" })).toMatchObject({
    stdout: expect.stringMatching(/^\/root\nno 'newline'\nat the end$/),
  });
  expect(await shell.run('if then (')).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('yntax error') });
  expect(await shell.run("sh -c 'kill -TERM $$'")).toMatchObject({ exitCode: 143 });
  const [many, few] = await Promise.all([shell.run('seq 1 200000; seq 1 200000 >&2'), shell.run('cat <<E\nlast\nE')]);
  expect([many.stdout.length, many.stderr.length, few.stdout]).toEqual([1288895, 1288895, 'last\n']);
}

async function overrunIsKilled(host: Host): Promise<void> {
  const { shell } = host;
  const attempt = shell.run('sleep 7771 & sleep 7772', { timeoutMs: 200 });
  await expect(attempt).rejects.toMatchObject({
    code: 'not-ready',
    message: 'a: no end within 0.2 s, killed: sleep 7771 & sleep 7772',
  });
  expect(await shell.run('pgrep -f "^sleep 777[12]$"')).toMatchObject({ exitCode: 1, stdout: '' });
  await expect(shell.run('kill -9 $$')).rejects.toThrow('a: the shell ended during: kill -9 $$');
  expect(await shell.run('echo back')).toMatchObject({ stdout: 'back\n' });
  const { stdout: idle } = await shell.run('echo $$');
  await using other = await host.openShell();
  await other.run(`kill -9 ${idle}`);
  await sleep(500); // it ends while nobody asks it anything
  expect(await shell.run('echo again', { timeoutMs: 5_000 })).toMatchObject({ stdout: 'again\n' });
}

async function bulkPasses(host: Host): Promise<void> {
  const sent = Buffer.from(Array.from({ length: 300_000 }, (_, index) => (index * 7) % 256));
  const process = host.spawn('cat; echo done >&2; exit 7');
  const got: Buffer[] = [];
  process.stdout.on('data', (chunk: Buffer) => got.push(chunk));
  process.stdin.end(sent);
  expect(await process.ended).toEqual({ exitCode: 7, stderr: 'done\n' });
  expect(Buffer.concat(got).equals(sent)).toBe(true);

  expect(await host.spawn('echo unread').ended).toEqual({ exitCode: 0, stderr: '' });
  const sleeper = host.spawn('echo up; sleep 7773');
  await new Promise((resolve) => sleeper.stdout.once('data', resolve));
  sleeper.kill();
  expect((await sleeper.ended).exitCode).not.toBe(0);
  expect((await host.shell.run('pgrep -f "^sleep 7773$"')).stdout).toBe('');
}

async function factsAreThere(host: Host): Promise<void> {
  const version = expect.stringMatching(/^v?\d+\.\d+/);
  expect(await host.facts()).toMatchObject({
    name: 'a',
    endpoint: 'test:a',
    kernel: release(),
    architecture: expect.stringMatching(/^(x86_64|aarch64)$/),
    cgroupVersion: '2',
    versions: { docker: version, containerd: version, runc: version, criu: version },
  });
}

async function clockIsOurs(host: Host): Promise<void> {
  const far = await measureClock(host, 'before');
  await using local = await connectHost('local');
  const near = await measureClock(local, 'before');
  expect(far.roundTrips).toBeGreaterThanOrEqual(20);
  const difference = Math.abs(Number(BigInt(far.offsetNs) - BigInt(near.offsetNs)));
  expect(difference).toBeLessThanOrEqual(Number(far.boundNs) + Number(near.boundNs));
}

async function observerIsTold(host: Host): Promise<void> {
  const calls: ApiRecord[] = [];
  const commands: CommandRecord[] = [];
  host.observe({ onApiCall: (call) => calls.push(call), onCommand: (command) => commands.push(command) });
  await host.docker.listContainers({ all: true, filters: { label: ['password=x'] } });
  const missing = host.docker.getContainer('nobody').inspect();
  await expect(missing).rejects.toMatchObject({ statusCode: 404 });
  await host.shell.run('exit 4');
  host.observe(null);
  await host.docker.ping();
  expect(calls.map(({ method, path, status }) => `${method} ${path} ${status}`)).toEqual([
    'GET /containers/json?all=true&filters=… 200',
    'GET /containers/nobody/json 404',
  ]);
  expect(commands).toMatchObject([{ command: 'exit 4', exitCode: 4, error: null }]);
}

async function preflightFinds({ a, b }: TwoHosts): Promise<void> {
  const made = await a.shell.run(makeContainer, { timeoutMs: 60_000 });
  expect(made.exitCode, made.stderr).toBe(0);
  const taken = await b.shell.run(
    "docker -H unix:///var/run/docker.sock ps -q; perl -MIO::Socket::INET -e '$s = IO::Socket::INET->new(Listen => 1, LocalPort => 8080) or die; exit if fork; sleep 300' >/dev/null 2>&1 &",
  );
  expect(taken.exitCode).toBe(0);
  await waitForExec(a);
  const container = await a.docker.getContainer('web').inspect();
  const checks = await preflight({ source: a, destination: b, container });
  const bad = Object.fromEntries(checks.filter(({ status }) => status !== 'ok').map(({ name, ...rest }) => [name, rest]));
  expect(bad).toMatchObject({
    execs: {
      host: 'a',
      status: 'fail',
      found: 'docker exec is running: sleep 500',
      hint: expect.stringContaining('--drop-execs'),
    },
    'health-check': { status: 'fail', found: 'a probe is under way: /bin/sh -c sleep 50' },
    clients: { status: 'warn', found: '1 established TCP connection (10.77.0.2:22) will be closed' },
    ports: { host: 'b', status: 'fail', found: 'tcp/8080 taken' },
  });
  expect(Object.keys(bad)).toHaveLength(4);
  const agreed = await preflight({ source: a, destination: b, container, allowed: { dropExecs: true } });
  expect(agreed.filter(({ status }) => status === 'fail').map(({ name }) => name)).toEqual(['ports']);
  await b.shell.run('pkill -f LocalPort');
}

/** The health check's first probe begins a second after the start. */
async function waitForExec(host: Host): Promise<void> {
  const { stdout } = await host.shell.run(
    'for i in $(seq 100); do [ "$(pgrep -fc "^sleep 50")" -ge 2 ] && break; sleep 0.1; done; pgrep -af "^sleep 50"',
  );
  expect(stdout.trim().split('\n')).toHaveLength(2);
}

/** Hosts that can't be reached, each for another reason: entries of an ssh configuration of our own. */
function failures(): void {
  let server: Server;
  beforeAll(async () => {
    server = createServer(() => {}); // accepts and says nothing
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as { port: number };
    await using host = await connectHost('test:a');
    await host.shell.run("useradd -m -p '*' deploy; cp -r /root/.ssh /home/deploy/ && chown -R deploy /home/deploy/.ssh");
    writeFaultyHosts(port);
  });
  afterAll(() => {
    server.close();
    rmSync(testbedFolder(faultySet), { recursive: true, force: true });
  });
  const cases = [
    ['unknown-key', 'its host key is not known', /^check and accept the key once, by hand: ssh /],
    ['changed-key', 'its host key is not the one in known_hosts', /ssh-keygen -R/],
    ['refused-key', 'the login was refused', /ssh-copy-id/],
    ['hangs', 'it does not answer', /is it up and reachable/],
    ['closed', 'nothing listens at its ssh port', /is sshd running/],
    ['deploy', 'deploy may not become root without a password', /on deploy: deploy ALL=\(root\) NOPASSWD: \/bin\/sh$/],
  ] as const;
  test.concurrent.each(cases)('%s: %s', async (name, message, hint) => {
    const error = await connectFaulty(`test:${name}`);
    expect(error).toMatchObject({
      code: 'not-ready',
      message: expect.stringContaining(`${name}: ${message}`),
      hint: expect.stringMatching(hint),
    });
  });
  test('no such host, no test hosts, no Docker', async () => {
    await expect(connectHost('ssh://nobody.invalid')).rejects.toThrow(/^nobody\.invalid: no such host/);
    await expect(connectFaulty('test:z')).resolves.toMatchObject({ message: 'test:z: no such test host' });
    await expect(connectFaulty('test:a', 'hosts-none')).resolves.toMatchObject({
      message: 'test:a: no test hosts are up',
      hint: 'transship testbed up',
    });
    await using host = await connectHost('unix:///nowhere/docker.sock');
    await expect(host.docker.info()).rejects.toThrow('local: Docker does not answer (connect ENOENT /nowhere/docker.sock)');
  });
}

function writeFaultyHosts(port: number): void {
  const state = readTestbed(set);
  if (state === null) throw new Error('the test hosts are gone');
  const folder = testbedFolder(faultySet);
  mkdirSync(folder, { recursive: true });
  const [, own = ''] = /^Host a\n((?: .*\n)*)/m.exec(readFileSync(state.sshConfig, 'utf8')) ?? [];
  const wrongKnown = join(folder, 'known_hosts');
  const [, key] = /^\S+ (ssh-ed25519 \S+)/m.exec(readFileSync(join(state.folder, 'known_hosts'), 'utf8')) ?? [];
  // One changed character of a key is another key.
  writeFileSync(wrongKnown, `10.77.0.2 ${key?.replace(/.$/, (last) => (last === 'A' ? 'B' : 'A'))}\n`);
  const hosts: Readonly<Record<string, string>> = {
    'unknown-key': '  UserKnownHostsFile /dev/null\n',
    'changed-key': `  UserKnownHostsFile ${wrongKnown}\n`,
    'refused-key': '  IdentityFile /dev/null\n  IdentityAgent none\n',
    hangs: `  HostName 127.0.0.1\n  Port ${port}\n  ProxyCommand none\n`,
    closed: '  HostName 127.0.0.1\n  Port 1\n  ProxyCommand none\n',
    deploy: '  User deploy\n',
  };
  // The first value counts in an ssh configuration; IdentityFile adds up, so the good one must go.
  const entry = (name: string, lines: string) =>
    `Host ${name}\n${lines}${lines.includes('IdentityFile') ? own.replace(/^ *IdentityFile.*\n/m, '') : own}`;
  const sshConfig = join(folder, 'ssh_config');
  writeFileSync(
    sshConfig,
    Object.entries(hosts)
      .map(([name, lines]) => entry(name, lines))
      .join('\n'),
  );
  const names = Object.keys(hosts).map((name) => ({ name, address: '10.77.0.2', initPid: 0 }));
  writeFileSync(join(folder, 'testbed.json'), JSON.stringify({ ...state, set: faultySet, folder, sshConfig, hosts: names }));
}

async function connectFaulty(spec: string, name: string = faultySet): Promise<unknown> {
  const before = process.env.TRANSSHIP_TESTBED;
  process.env.TRANSSHIP_TESTBED = name;
  // The environment is read before the first wait, so that it can be put back at once.
  const attempt = connectHost(spec).then(
    () => 'connected',
    (error: unknown) => error,
  );
  process.env.TRANSSHIP_TESTBED = before;
  return attempt;
}
