#!/usr/bin/env node
import { CommanderError } from 'commander';
import { transshipProgram } from './program.ts';
import { reportError } from './terminal.ts';

try {
  await transshipProgram().parseAsync();
} catch (error) {
  // commander has already printed its own message; asking for help or the version is no error
  if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? 0 : 2;
  else process.exitCode = reportError(error);
}
