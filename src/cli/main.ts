#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Command, CommanderError } from 'commander';
import { packageRoot } from '../evidence/run-folder.ts';
import { demoCommand } from './demo.ts';
import { doctorCommand } from './doctor.ts';
import { exportCommand } from './export.ts';
import { importCommand } from './import.ts';
import { migrateCommand } from './migrate.ts';
import { runsCommand } from './runs.ts';
import { sendCommand } from './send.ts';
import { showCommand } from './show.ts';
import { reportError } from './terminal.ts';
import { testbedCommand } from './testbed.ts';
import { versionCommand } from './version.ts';

const version: string = JSON.parse(readFileSync(join(packageRoot(), 'package.json'), 'utf8')).version;

/** Every command, one file each; a heavy library is imported by the action that needs it. */
const commands: readonly Command[] = [
  migrateCommand,
  demoCommand,
  doctorCommand,
  versionCommand,
  importCommand,
  exportCommand,
  sendCommand,
  testbedCommand,
  showCommand,
  runsCommand,
];

const program = new Command('transship')
  .description('live-migrate Docker containers and see where the time goes')
  .version(version)
  .showHelpAfterError('(transship --help lists the commands)');
for (const command of commands) program.addCommand(command);
for (const command of [program, ...program.commands]) command.exitOverride();

try {
  await program.parseAsync();
} catch (error) {
  // commander has already printed its own message; asking for help or the version is no error
  if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? 0 : 2;
  else process.exitCode = reportError(error);
}
