import { mkdtemp, rm } from 'node:fs/promises';
import { createConnection } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { TransshipError } from '../error.ts';
import type { SshTarget } from './endpoint.ts';
import { type Link, type OpenProcess, openProcess } from './link.ts';
import { patient } from './patience.ts';
import { explainSsh } from './ssh-failure.ts';

/** Connecting is given up after this: TCP alone has 10 s (`ConnectTimeout`), a host can hang later, too. */
const connectTimeoutMs = 15_000;
const closeTimeoutMs = 2_000;
const forwardTimeoutMs = 5_000;

// A dead host is noticed after 15 s. known_hosts is honoured as the user's own configuration says; in batch mode
// an unknown key is refused, never asked about or taken.
const masterOptions = () => [
  'BatchMode=yes',
  `ConnectTimeout=${patient(10)}`,
  'ServerAliveInterval=5',
  'ServerAliveCountMax=3',
  'ControlMaster=yes',
  'ControlPersist=no',
  'RemoteCommand=none',
  'RequestTTY=no',
  'ForwardX11=no',
  'PermitLocalCommand=no',
];
// Sessions must go over the master: when it is gone, they fail at once and open no connection of their own.
const sessionOptions = ['BatchMode=yes', 'ControlMaster=no', 'ProxyCommand=false', 'RemoteCommand=none', 'RequestTTY=no'];

/**
 * One OpenSSH master connection with a private control socket. Its own session runs `cat`, which ends with us:
 * a killed controller leaves no connection behind.
 * @throws TransshipError `not-ready`: no such host, no answer, key refused, unknown host key
 */
export async function openSsh(target: SshTarget, signal?: AbortSignal): Promise<Link> {
  const folder = await privateFolder();
  const control = join(folder, 'm');
  const socket = join(folder, 'docker');
  const words = ['-T', '-S', control, '-L', `${socket}:${target.socketPath}`, ...options(masterOptions()), ...target.words];
  const command = ['ssh', ...words, 'exec /bin/sh -c \'echo "transship $(id -u) $(id -un)"; exec cat\''];
  // The shell around it removes the folder, for a controller that was killed cannot.
  const master = execa('/bin/sh', ['-c', '"$@"; status=$?; rm -rf "$0"; exit $status', folder, ...command], openProcess);
  master.stdin.on('error', () => {});
  try {
    const login = await greeting(target, master, signal);
    const said = tail(master);
    let end: string | null = null;
    void master.then(() => {
      end = said().trim() || 'the connection was closed';
    });
    return {
      name: target.name,
      login,
      start: (commandLine) =>
        execa('ssh', ['-T', '-S', control, ...options(sessionOptions), ...target.words, commandLine], openProcess),
      dialSocket: () => createConnection(socket),
      forwardPort: (port, toSocket) => forwardPort(target, control, [port, toSocket]),
      ended: () => end,
      [Symbol.asyncDispose]: () => close(master, folder),
    };
  } catch (error) {
    await close(master, folder);
    throw error;
  }
}

/** By the master, which ends it with itself at the latest. The address is named: `GatewayPorts clientspecified` would take any. */
async function forwardPort(
  target: SshTarget,
  control: string,
  [port, toSocket]: readonly [number, string],
): Promise<AsyncDisposable> {
  const forward = `127.0.0.1:${port}:${toSocket}`;
  const ask = (what: 'forward' | 'cancel') =>
    execa('ssh', ['-S', control, ...options(sessionOptions), '-O', what, '-R', forward, ...target.words], {
      reject: false,
      timeout: patient(forwardTimeoutMs),
      stdin: 'ignore',
    });
  const { exitCode, stderr, timedOut } = await ask('forward');
  if (exitCode === 0) return { [Symbol.asyncDispose]: async () => void (await ask('cancel')) };
  const why = timedOut ? `no answer within ${patient(forwardTimeoutMs) / 1e3} s` : (stderr.trim().split('\n').at(-1) ?? '');
  throw new TransshipError(
    'not-ready',
    `${target.name}: port ${port} of its loopback address cannot be had (${why})`,
    `somebody listens there (ss -ltnp 'sport = :${port}'), or its sshd has AllowTcpForwarding no`,
  );
}

function options(list: readonly string[]): readonly string[] {
  return list.flatMap((option) => ['-o', option]);
}

/** A unix socket's path has 107 characters at most, and ssh appends 17 to it while it binds. */
async function privateFolder(): Promise<string> {
  const root = tmpdir().length > 60 ? '/tmp' : tmpdir();
  return mkdtemp(join(root, 'transship-ssh-'));
}

function greeting(target: SshTarget, master: OpenProcess, signal?: AbortSignal): Promise<Link['login']> {
  return new Promise((resolve, reject) => {
    let out = '';
    const said = tail(master);
    const fail = (words: string) => reject(explainSsh(target, words));
    const limitMs = patient(connectTimeoutMs);
    const timer = setTimeout(() => fail(`no answer within ${limitMs / 1e3} s`), limitMs);
    const onAbort = () => reject(new TransshipError('interrupted', `${target.name}: connecting was interrupted`, 'repeat it'));
    signal?.addEventListener('abort', onAbort, { once: true });
    if (signal?.aborted) onAbort();
    const settle = () => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', onAbort);
    };
    master.stdout.on('data', (chunk: Buffer) => {
      out += chunk.toString();
      const match = /^transship (\d+) (\S+)$/m.exec(out);
      if (match === null) return;
      settle();
      resolve({ uid: Number(match[1]), user: match[2] ?? 'root' });
    });
    void master.then((result) => {
      settle();
      fail(said().trim() || `ssh ended with ${result.exitCode}`);
    });
  });
}

/** The last of what a process says on stderr. */
function tail(process: OpenProcess): () => string {
  let text = '';
  process.stderr.on('data', (chunk: Buffer) => {
    text = (text + chunk.toString()).slice(-4_096);
  });
  return () => text;
}

async function close(master: OpenProcess, folder: string): Promise<void> {
  master.stdin.end();
  killTree(master, 'SIGTERM');
  const timer = setTimeout(() => killTree(master, 'SIGKILL'), closeTimeoutMs);
  await master;
  clearTimeout(timer);
  await rm(folder, { recursive: true, force: true });
}

/** The master has a process group of its own (`detached`): the shell and ssh. */
function killTree({ pid }: OpenProcess, signal: NodeJS.Signals): void {
  try {
    if (pid !== undefined) process.kill(-pid, signal);
  } catch {
    // it has ended
  }
}
