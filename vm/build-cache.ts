import { createHash } from 'node:crypto';
import { existsSync, mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type ExecaError, execa } from 'execa';
import { TransshipError } from '../src/error.ts';
import { packageRoot } from '../src/evidence/run-folder.ts';
import { isRoot } from './places.ts';

export interface Build {
  /** What is made; its name holds the recipe's hash. */
  readonly target: string;
  /** Makes `TARGET.partial`. */
  readonly command: readonly string[];
  /** What it is, in the user's words. */
  readonly what: string;
  /** Words put before the command, e.g. to join a cgroup. */
  readonly prefix: readonly string[];
  readonly say: (line: string) => void;
  /** What to do when it fails, where that is not the mirror. */
  readonly hint?: string;
  /** How long it may take; 10 minutes unless it is said. */
  readonly limitMs?: number;
}

const usualLimitMs = 600_000;

/** First 12 hex digits of the SHA-256 over the recipe's parts. */
export function recipeHash(parts: readonly unknown[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 12);
}

/**
 * Makes `target` unless it is there. Of several callers at once one builds, the others wait for it.
 * @throws TransshipError `not-ready` with the end of the builder's output when it fails or takes longer than its limit.
 */
export async function buildOnce(build: Build): Promise<string> {
  const { target, say, what, hint = 'is the Debian mirror reachable? try: apt-get update' } = build;
  if (existsSync(target)) return target;
  mkdirSync(dirname(target), { recursive: true });
  const startMs = Date.now();
  say(`building ${what} (once; kept as ${target})`);
  const script = join(packageRoot(), 'vm/build-once.sh');
  // root's mmdebstrap mounts /proc, /sys and /dev/shm below its tree: in a namespace of its own they go with it, however it ends
  const apart = isRoot ? ['unshare', '--mount', '--propagation', 'private'] : [];
  const lock = ['flock', `${target}.lock`, ...apart];
  const words = [...build.prefix, ...lock, 'sh', script, target, ...build.command];
  const child = execa(words[0] as string, words.slice(1), { all: true, stdin: 'ignore', timeout: build.limitMs ?? usualLimitMs });
  child.all.on('data', (chunk: Buffer) => {
    for (const line of chunk.toString().split('\n')) if (line.startsWith('I: ')) say(`  ${line.slice(3)}`);
  });
  try {
    await child;
  } catch (cause) {
    throw new TransshipError('not-ready', `${what}: ${lastLines((cause as ExecaError).all)}`, hint, {
      cause,
    });
  }
  say(`built ${what} in ${((Date.now() - startMs) / 1000).toFixed(1)} s`);
  return target;
}

function lastLines(output: unknown): string {
  const lines = String(output ?? '')
    .split('\n')
    .filter((line) => line.trim() !== '');
  const firstError = lines.findIndex((line) => line.startsWith('E: '));
  return (firstError < 0 ? lines.slice(-5) : lines.slice(Math.max(0, firstError - 3), firstError + 2)).join('\n') || 'no output';
}
