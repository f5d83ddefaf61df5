import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { transship } from '../built-command.ts';

/** A command that works on a run, and what its journal tells meanwhile. */
export type Command = ReturnType<typeof transship>;

function textOf(run: string, file: string): string {
  try {
    return readFileSync(join(process.env.TRANSSHIP_TRACES ?? '', run, file), 'utf8');
  } catch {
    return '';
  }
}

/** Without one that is cut short. */
export function linesOf(run: string, file: string): readonly string[] {
  return textOf(run, file).split('\n').slice(0, -1);
}

interface Ended {
  readonly outcome: string | null;
  readonly warnings: readonly string[];
  readonly remains?: readonly { readonly host: string; readonly what: string }[];
}

/** Null: a move that was refused leaves no run. */
export function manifestOf(run: string): Ended | null {
  const text = textOf(run, 'run.json');
  return text === '' ? null : JSON.parse(text);
}

/** @returns false when the command ended before the journal had such a line */
export async function untilJournal(command: Command, run: string, line: RegExp): Promise<boolean> {
  let hasEnded = false;
  void command.then(() => {
    hasEnded = true;
  });
  while (!line.test(textOf(run, 'journal.jsonl'))) {
    if (hasEnded) return false;
    await sleep(2);
  }
  return true;
}

export function beginOf(step: string): RegExp {
  return new RegExp(`"step":"${step}".*"event":"begin"`);
}

/** The command itself, or every connection of it to that host: killed as by the kernel. */
export function killOf({ pid }: Command, what: string): void {
  if (pid === undefined) throw new Error('the command has not begun');
  if (what === 'self') return void process.kill(pid, 'SIGKILL');
  const script = `below() { for c in $(cat /proc/$1/task/*/children); do echo $c; below $c; done; }
    for p in $(below ${pid}); do tr '\\0' ' ' </proc/$p/cmdline | grep -q '^ssh .* -- ${what} ' && kill -9 $p; done; true`;
  execFileSync('sh', ['-c', script], { stdio: 'ignore' });
}
