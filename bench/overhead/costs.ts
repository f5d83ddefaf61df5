import { TransshipError } from '../../src/error.ts';
import type { Host } from '../../src/hosts/host.ts';
import { openWatch, type WatchKind } from '../../src/migrate/watch.ts';
import { medianOf } from '../../src/trace/median-interval.ts';

/** What one call of a wrapped program costs, and one program that the kernel tells of, in microseconds: medians of pairs. */
export interface ProcessCosts {
  readonly untracedUs: number;
  readonly notedUs: number;
  readonly kernelUs: number;
  /** Of `runc --version` by itself, for scale. */
  readonly plainUs: number;
}

const limitMs = 300_000;
/** What else goes on on the machine changes within seconds: with and without in turns. */
const rounds = 10;
const calls = '/usr/local/lib/testbed/calls';

// Whoever goes first takes turns: the second finds the caches warm. Both are forked by the same shell, below dockerd's own folder of wrappers.
const clock = `
took() {
  local begun=$EPOCHREALTIME
  "$@" >/dev/null || exit
  local ended=$EPOCHREALTIME
  tookUs=$((\${ended/./} - \${begun/./}))
}
PATH=${calls}:$PATH
for ((run = 0; run < $1; run++)); do
  if ((run % 2)); then took /usr/sbin/runc --version; plainUs=$tookUs; took ${calls}/runc --version; oursUs=$tookUs
  else took ${calls}/runc --version; oursUs=$tookUs; took /usr/sbin/runc --version; plainUs=$tookUs; fi
  echo "$oursUs $plainUs"
done`;

/** @throws TransshipError `failed` when a call fails */
export async function measureCosts(host: Host, runs: number, signal: AbortSignal): Promise<ProcessCosts> {
  const untraced = await timed(host, runs, []);
  signal.throwIfAborted();
  const noted = await timed(host, runs, ['calls']);
  const differences: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    signal.throwIfAborted();
    const off = await forks(host, runs / rounds, []);
    const on = await forks(host, runs / rounds, ['kernel']);
    differences.push(medianOf(on) - medianOf(off));
  }
  return {
    untracedUs: medianOf(untraced.map(([ours, plain]) => ours - plain)),
    notedUs: medianOf(noted.map(([ours, plain]) => ours - plain)),
    kernelUs: medianOf(differences),
    plainUs: medianOf(noted.map(([, plain]) => plain)),
  };
}

async function timed(host: Host, runs: number, kinds: readonly WatchKind[]): Promise<readonly (readonly [number, number])[]> {
  const text = await watched(host, kinds, `bash -s ${runs}`, clock);
  return text.map((line) => line.split(' ').map(Number) as [number, number]);
}

/** A shell on our own connection, whose children the kernel tells of. */
async function forks(host: Host, runs: number, kinds: readonly WatchKind[]): Promise<readonly number[]> {
  const script = `for ((run = 0; run < $1; run++)); do
    begun=$EPOCHREALTIME; /bin/true; ended=$EPOCHREALTIME; echo $((\${ended/./} - \${begun/./}))
  done`;
  return (await watched(host, kinds, `bash -s ${Math.ceil(runs)}`, script)).map(Number);
}

async function watched(host: Host, kinds: readonly WatchKind[], command: string, stdin: string): Promise<readonly string[]> {
  await using watch = await openWatch(host, {
    traceparent: `00-${'1'.repeat(32)}-${'2'.repeat(16)}-01`,
    containerId: 'none',
    kinds,
  });
  if (watch.missing.length > 0) throw new TransshipError('failed', watch.missing.join('; '), 'are tracefs and perl there?');
  const { stdout, stderr, exitCode } = await host.shell.run(command, { stdin, timeoutMs: limitMs });
  if (exitCode !== 0) throw new TransshipError('failed', `the calls failed: ${stderr.trim()}`, 'transship doctor test:a');
  return stdout.trim().split('\n').slice(10); // the first ones warm up
}
