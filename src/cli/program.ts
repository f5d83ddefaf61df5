import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Command } from 'commander';
import { packageRoot } from '../evidence/run-folder.ts';
import { demoCommand } from './demo.ts';
import { diffCommand } from './diff.ts';
import { doctorCommand } from './doctor.ts';
import { exportCommand } from './export.ts';
import { importCommand } from './import.ts';
import { migrateCommand } from './migrate.ts';
import { recordCommand } from './record.ts';
import { recoverCommand } from './recover.ts';
import { runsCommand } from './runs.ts';
import { sendCommand } from './send.ts';
import { showCommand } from './show.ts';
import { sourceCommand } from './source.ts';
import { testbedCommand } from './testbed.ts';
import { versionCommand } from './version.ts';
import { wrapCommand } from './wrap.ts';

const version: string = JSON.parse(readFileSync(join(packageRoot(), 'package.json'), 'utf8')).version;

/** Every command, one file each; a heavy library is imported by the action that needs it. */
const commands: readonly Command[] = [
  migrateCommand,
  recoverCommand,
  demoCommand,
  doctorCommand,
  versionCommand,
  importCommand,
  recordCommand,
  exportCommand,
  sendCommand,
  wrapCommand,
  testbedCommand,
  sourceCommand,
  showCommand,
  diffCommand,
  runsCommand,
];

/** The whole command line; it throws instead of ending the process. */
export function transshipProgram(): Command {
  const program = new Command('transship')
    .description('live-migrate Docker containers and see where the time goes')
    .version(version)
    .addHelpText('after', '\nExample:\n  transship import dump.log');
  for (const command of commands) program.addCommand(command);
  for (const command of withDescendants(program)) command.exitOverride().showHelpAfterError(`  hint: ${wordsOf(command)} --help`);
  return program;
}

/** A command and all below it. */
export function withDescendants(command: Command): readonly Command[] {
  return [command, ...command.commands.flatMap(withDescendants)];
}

/** As it is typed: `transship testbed up`. */
export function wordsOf(command: Command): string {
  return command.parent === null ? command.name() : `${wordsOf(command.parent)} ${command.name()}`;
}
