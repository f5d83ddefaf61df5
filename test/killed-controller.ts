import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { builtProgram } from './built-command.ts';

/** Kills the command as soon as the journal of its run has such a line. */
export async function killAt(command: ReturnType<typeof builtProgram>, run: string, line: RegExp): Promise<void> {
  const journal = join(process.env.TRANSSHIP_TRACES ?? '', run, 'journal.jsonl');
  let hasEnded = false;
  void command.then(() => {
    hasEnded = true;
  });
  while (!line.test(textOf(journal))) {
    if (hasEnded) throw new Error(`it ended before ${line}: ${(await command).stderr}`);
    await sleep(2);
  }
  command.kill('SIGKILL');
  await command;
}

function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
