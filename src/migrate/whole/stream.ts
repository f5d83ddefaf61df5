import { PassThrough } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { TransshipError } from '../../error.ts';
import type { HostProcess } from '../../hosts/host.ts';
import { quoteWord } from '../../hosts/link.ts';
import { interrupted } from '../bounded.ts';
import { asRoot, type Route } from './route.ts';

export interface StreamMove {
  /** For messages: `image redis:7`. */
  readonly what: string;
  /** Shell text on the source; its stdout is the stream. */
  readonly produce: string;
  /** Shell text on the destination, as root; its stdin is the stream. */
  readonly consume: string;
  /** Told of the bytes so far, about once a second. Counting costs one more copy of the data on a direct route. */
  readonly onBytes?: (bytes: number) => void;
  /** An hour unless told. */
  readonly timeoutMs?: number;
}

export interface StreamMoved {
  /** Bytes of the stream; null when nobody counted (a direct route without `onBytes`). */
  readonly bytes: number | null;
  /** What `consume` printed; empty when the bytes were counted on a direct route. */
  readonly output: string;
}

interface Side {
  readonly exitCode: number;
  readonly stderr: string;
}

const timeoutMs = 3_600_000;
/** A host that is gone never tells of an end. */
const killLimitMs = 10_000;

/**
 * Moves a stream from the source to the destination, on the shortest way that there is.
 * @throws TransshipError `failed` with the first true cause, when either end fails, or the time is over.
 */
export async function sendStream(route: Route, move: StreamMove): Promise<StreamMoved> {
  return route.ssh === null ? await throughController(route, move) : await direct(route, route.ssh, move);
}

// The shell's status is that of the last command of a pipe, so the producer's is told on stderr.
const sentStatus = /^transship-sent=(\d+)\n?/m;

async function direct(route: Route, ssh: string, move: StreamMove): Promise<StreamMoved> {
  const metered = move.onBytes !== undefined;
  const remote = `${ssh} ${quoteWord(asRoot(`sh -c ${quoteWord(metered ? `{ ${move.consume}\n} >&2` : move.consume)}`))}`;
  // dd writes its progress to stderr, which here goes to our stdout: nothing else is on it.
  const meter = metered ? '| dd bs=1M iflag=fullblock status=progress 2>&3' : '';
  const process = route.source.spawn(
    `exec 3>&1; { { ${move.produce}\n}; echo "transship-sent=$?" >&2; } ${meter} | ${remote}${metered ? ' >&2' : ''}`,
  );
  process.stdin.end();
  const text = collect(process, metered ? move.onBytes : undefined);
  text.catch(() => {}); // a broken stdout shows in the exit status
  const ended = await bounded(route, move, [process], process.ended);
  const sent = Number(sentStatus.exec(ended.stderr)?.[1] ?? 0);
  const stderr = ended.stderr.replace(sentStatus, '');
  if (ended.exitCode !== 0) throw failure(route.destination.name, move, { exitCode: ended.exitCode, stderr });
  if (sent !== 0) throw failure(route.source.name, move, { exitCode: sent, stderr });
  const output = await text;
  const bytes = metered ? lastCount(output) : null;
  if (bytes !== null) move.onBytes?.(bytes);
  return { bytes, output: metered ? '' : output };
}

async function throughController(route: Route, move: StreamMove): Promise<StreamMoved> {
  const from = route.source.spawn(move.produce);
  const into = route.destination.spawn(move.consume);
  from.stdin.end();
  const text = collect(into);
  text.catch(() => {});
  const counter = new PassThrough();
  let bytes = 0;
  counter.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
  });
  const tick = setInterval(() => move.onBytes?.(bytes), 1_000);
  try {
    const piped = pipeline(from.stdout, counter, into.stdin).catch(() => from.kill());
    const both = Promise.all([from.ended, into.ended, piped]);
    const [sent, taken] = await bounded(route, move, [from, into], both);
    // The taker first: when it fails, the sender only saw a closed pipe.
    if (taken.exitCode !== 0) throw failure(route.destination.name, move, taken);
    if (sent.exitCode !== 0) throw failure(route.source.name, move, sent);
  } finally {
    clearInterval(tick);
  }
  move.onBytes?.(bytes);
  return { bytes, output: await text };
}

/** Waits, but not for ever: over the limit, or when the move is interrupted, the processes are killed, and their end is waited for. */
export async function bounded<T>(
  { source, signal }: Pick<Route, 'source' | 'signal'>,
  move: { readonly what: string; readonly timeoutMs?: number },
  processes: readonly HostProcess[],
  ended: Promise<T>,
): Promise<T> {
  const limitMs = move.timeoutMs ?? timeoutMs;
  const ending: { why: TransshipError | null; timer?: NodeJS.Timeout } = { why: null };
  let onAbort = () => {};
  const unended = new Promise<never>((_, reject) => {
    const giveUp = (why: TransshipError) => {
      ending.why ??= why;
      for (const process of processes) process.kill();
      clearTimeout(ending.timer);
      ending.timer = setTimeout(() => reject(why), killLimitMs);
    };
    ending.timer = setTimeout(() => giveUp(tookTooLong(source.name, move.what, limitMs)), limitMs);
    onAbort = () => giveUp(interrupted());
    signal?.addEventListener('abort', onAbort, { once: true });
    if (signal?.aborted) onAbort();
  });
  // however the killed ones end, why they were killed is what is told
  const whyFirst = () => {
    if (ending.why !== null) throw ending.why;
  };
  try {
    return await Promise.race([ended.finally(whyFirst), unended]);
  } finally {
    clearTimeout(ending.timer);
    signal?.removeEventListener('abort', onAbort);
  }
}

function tookTooLong(place: string, what: string, limitMs: number): TransshipError {
  return new TransshipError(
    'failed',
    `${place}: moving ${what} took longer than ${limitMs / 1_000} s`,
    'the line may be too slow for what is to move: look at the bytes that `--dry-run` names',
  );
}

function failure(place: string, move: StreamMove, side: Side): TransshipError {
  const words = side.stderr.trim() || `status ${side.exitCode}`;
  return new TransshipError('failed', `${place}: ${move.what} could not be moved: ${words}`, hintFor(words));
}

/** What to do about the words of tar, rsync, docker or ssh. */
export function hintFor(words: string): string {
  if (/no space left/i.test(words)) return 'make room on the destination, then run the migration again';
  if (/not found|No such file or directory/.test(words))
    return 'both hosts need rsync, tar and the docker command: install what is missing';
  return 'nothing has been taken from the source; `transship doctor` checks both hosts and the way between them';
}

async function collect(process: HostProcess, onBytes?: (bytes: number) => void): Promise<string> {
  let text = '';
  for await (const chunk of process.stdout) {
    text += String(chunk);
    const bytes = onBytes === undefined ? null : lastCount(text);
    if (bytes !== null) onBytes?.(bytes);
    if (onBytes !== undefined) text = text.slice(-400);
  }
  return text;
}

/** The last byte count in dd's progress, `12345 bytes (12 kB, …) copied, …`. */
function lastCount(text: string): number | null {
  const counts = [...text.matchAll(/(\d+) bytes\b/g)];
  const last = counts.at(-1)?.[1];
  return last === undefined ? null : Number(last);
}
