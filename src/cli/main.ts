#!/usr/bin/env node
import { CommanderError } from 'commander';
import { readTestbed } from '../../vm/testbed-state.ts';
import { watchOutput } from './output.ts';
import { transshipProgram } from './program.ts';
import { reportError } from './terminal.ts';

const output = watchOutput();
// hosts whose code is emulated are some five times as slow: every limit goes with that
if (process.argv.some((word) => word.startsWith('test:')) && readTestbed()?.accelerator === 'tcg')
  process.env.TRANSSHIP_PATIENCE ??= '5';
try {
  const program = await transshipProgram(process.argv.slice(2));
  await program.parseAsync();
} catch (error) {
  // commander has already printed its own message; asking for help or the version is no error
  if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? 0 : 2;
  else if (!output.hasTold(error)) process.exitCode = reportError(error);
}
