import { createWriteStream, existsSync } from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { execa } from 'execa';
import { tail } from '../../vm/log-tail.ts';
import { TransshipError } from '../error.ts';
import { tracesRoot } from '../evidence/run-folder.ts';
import { connectHost } from '../hosts/connect.ts';
import type { CellRequest, Played } from './cell-request.ts';
import type { CellFailure } from './cells.ts';
import { container, startContainer } from './own-test.ts';

/** A command that says nothing of time limits has this. */
const limitMs = 3_600_000;

/**
 * What the user named instead of the matrix's own test, with both hosts of the cell as `test:a` and `test:b`. `migrate WORDS`: a container
 * is started on a and moved to b by these words; anything else is a command, whose exit status tells.
 */
export async function playWords(request: CellRequest): Promise<Played> {
  const [first = '', ...rest] = request.words;
  return first === 'migrate' ? await playMigration(request, rest) : await playCommand(request, request.words);
}

async function playMigration(request: CellRequest, words: readonly string[]): Promise<Played> {
  const { set, signal, program, runName } = request;
  await using source = await connectHost('test:a', { signal, env: { ...process.env, TRANSSHIP_TESTBED: set } });
  const beganMs = performance.now();
  const { exitCode, stderr } = await source.shell.run(startContainer('bridge'), { timeoutMs: 120_000 });
  const started = { name: 'run', isOk: exitCode === 0, durationMs: Math.round(performance.now() - beganMs) };
  if (!started.isOk) return { phases: [started], failures: [failureIn('run', stderr)], run: null };
  const fixed = ['migrate', container, 'test:b', '--from', 'test:a', '--yes', '--name', runName];
  const played = await playCommand(request, [...program, ...fixed, ...words], 'migrate');
  return { ...played, phases: [started, ...played.phases], run: existsSync(join(tracesRoot(), runName)) ? runName : null };
}

async function playCommand(
  { set, folder, signal }: CellRequest,
  words: readonly string[],
  name = words[0] as string,
): Promise<Played> {
  const log = join(folder, 'output.log');
  const beganMs = performance.now();
  const env = { TRANSSHIP_TESTBED: set, NO_COLOR: '1' };
  const child = execa(words[0] as string, words.slice(1), {
    ...{ env, reject: false, all: true, buffer: false, stdin: 'ignore', timeout: limitMs, cancelSignal: signal },
  });
  const [result] = await Promise.all([child, pipeline(child.all, createWriteStream(log))]);
  if (result.code === 'ENOENT') throw new TransshipError('usage', `${name}: no such command`, 'transship matrix --help');
  const phase = { name, isOk: result.exitCode === 0, durationMs: Math.round(performance.now() - beganMs) };
  return { phases: [phase], failures: phase.isOk ? [] : [failureIn(name, tail(log, 8))], run: null };
}

/** transship says `error: …` and a hint; of other programs the last line tells. */
function failureIn(phase: string, said: string): CellFailure {
  const [, error] = /^error: (.*)$/m.exec(said) ?? [];
  const [, hint = null] = /^ {2}hint: (.*)$/m.exec(said) ?? [];
  return { phase, message: error ?? said.trim().split('\n').at(-1) ?? '', cause: null, hint };
}
