import { type Command, untilJournal } from './faults/command.ts';

/** Kills the command as soon as the journal of its run has such a line. */
export async function killAt(command: Command, run: string, line: RegExp): Promise<void> {
  if (!(await untilJournal(command, run, line))) throw new Error(`it ended before ${line}: ${(await command).stderr}`);
  command.kill('SIGKILL');
  await command;
}
