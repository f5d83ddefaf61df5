import { randomBytes } from 'node:crypto';
import { TransshipError } from '../error.ts';
import { nowNs } from '../trace/time.ts';
import { frameReader } from './frame-reader.ts';
import type { RunOptions, Shell, ShellResult } from './host.ts';
import { type Link, quoteWord } from './link.ts';
import { patient } from './patience.ts';
import { type ProcessGroup, startAsRoot } from './process-group.ts';

const defaultTimeoutMs = 30_000;
const openTimeoutMs = 10_000;
const closeTimeoutMs = 1_000;

export type OnCommand = (command: string, result: ShellResult | null, error: string | null, startNs: bigint) => void;

/**
 * A root shell that stays open. A request that runs over its limit is killed on the host with all its children,
 * and the next one finds a fresh shell.
 */
export async function openShell(link: Link, onCommand: OnCommand): Promise<Shell> {
  let current: ProcessGroup | null = await begin(link);
  let queue: Promise<unknown> = Promise.resolve();
  let isClosed = false;

  const one = async (command: string, options: RunOptions): Promise<ShellResult> => {
    if (isClosed) throw gone(link, `the shell was closed before: ${shorten(command)}`);
    // one that ended while nobody asked anything says so no more
    if (current?.process.stdout.closed) current = null;
    current ??= await begin(link);
    const startNs = nowNs();
    try {
      const result = await ask(link, current, command, options);
      onCommand(command, result, null, startNs);
      return result;
    } catch (error) {
      const broken = current;
      current = null;
      await broken.kill();
      onCommand(command, null, (error as Error).message, startNs);
      throw error;
    }
  };
  return {
    run(command, options = {}) {
      const answer = queue.then(() => one(command, options));
      queue = answer.catch(() => {});
      return answer;
    },
    async [Symbol.asyncDispose]() {
      isClosed = true;
      if (current !== null) await end(current);
    },
  };
}

async function begin(link: Link): Promise<ProcessGroup> {
  const group = startAsRoot(link, 'exec /bin/sh');
  const timer = setTimeout(() => group.process.kill('SIGKILL'), patient(openTimeoutMs));
  try {
    await group.begun;
    return group;
  } catch (cause) {
    throw notRoot(link, (cause as Error).message, cause);
  } finally {
    clearTimeout(timer);
  }
}

function notRoot(link: Link, said: string, cause: unknown): TransshipError {
  const { user, uid } = link.login;
  if (uid === 0 || link.ended() !== null) return gone(link, `no shell: ${link.ended() ?? said}`);
  const line = `${user} ALL=(root) NOPASSWD: /bin/sh`;
  return new TransshipError(
    'not-ready',
    `${link.name}: ${user} may not become root without a password (${said.split('\n').at(-1)})`,
    `log in as root, or put this line into /etc/sudoers.d/transship on ${link.name}: ${line}`,
    { cause },
  );
}

function gone(link: Link, what: string): TransshipError {
  return new TransshipError('not-ready', `${link.name}: ${what}`, `is ${link.name} up? transship doctor checks it`);
}

/**
 * Framed by a marker on both streams. The command is one word for `eval` in a subshell: a syntax error, `exit` or
 * `cd` in it touches the subshell only.
 */
function frame(marker: string, command: string, stdin: string | undefined): string {
  const body = `( eval ${quoteWord(command)} )`;
  const fed = stdin === undefined ? `${body} </dev/null` : `printf %s ${quoteWord(stdin)} | ${body}`;
  return `${fed}\nprintf '\\n${marker} %d\\n' $?; printf '\\n${marker} 0\\n' >&2\n`;
}

function ask(link: Link, group: ProcessGroup, command: string, options: RunOptions): Promise<ShellResult> {
  const marker = randomBytes(12).toString('hex');
  const { stdin, stdout, stderr } = group.process;
  const timeoutMs = patient(options.timeoutMs ?? defaultTimeoutMs);
  return new Promise((resolve, reject) => {
    const answers: { out?: { body: Buffer; status: number }; err?: { body: Buffer } } = {};
    const readOut = frameReader(marker);
    const readErr = frameReader(marker);
    const settle = (act: () => void) => {
      clearTimeout(timer);
      stdout.off('data', onOut);
      stderr.off('data', onErr);
      stdout.off('close', onClose);
      act();
    };
    const take = (part: Partial<typeof answers>) => {
      Object.assign(answers, part);
      const { out, err } = answers;
      if (out === undefined || err === undefined) return;
      const texts = { stdout: out.body.toString(), stderr: err.body.toString() };
      settle(() => resolve({ exitCode: out.status, ...texts, startNs, endNs: nowNs() }));
    };
    const onOut = (chunk: Buffer) => {
      const out = readOut(chunk);
      if (out !== null) take({ out });
    };
    const onErr = (chunk: Buffer) => {
      const err = readErr(chunk);
      if (err !== null) take({ err });
    };
    const onClose = () => settle(() => reject(gone(link, `the shell ended${because(link)} during: ${shorten(command)}`)));
    const timer = setTimeout(() => settle(() => reject(overrun(link, command, timeoutMs))), timeoutMs);
    stdout.on('data', onOut).once('close', onClose);
    stderr.on('data', onErr).resume();
    const startNs = nowNs();
    stdin.write(frame(marker, command, options.stdin));
  });
}

function because(link: Link): string {
  const reason = link.ended();
  return reason === null ? '' : ` (${reason})`;
}

function overrun(link: Link, command: string, timeoutMs: number): TransshipError {
  const message = `${link.name}: no end within ${timeoutMs / 1e3} s, killed: ${shorten(command)}`;
  return new TransshipError('not-ready', message, `is ${link.name} overloaded, or its disk or Docker hanging?`);
}

function shorten(command: string): string {
  const line = command.trim().replace(/\s+/g, ' ');
  return line.length > 120 ? `${line.slice(0, 119)}…` : line;
}

async function end(group: ProcessGroup): Promise<void> {
  group.process.stdin.end();
  const timer = setTimeout(() => void group.kill(), closeTimeoutMs);
  await group.process;
  clearTimeout(timer);
}
