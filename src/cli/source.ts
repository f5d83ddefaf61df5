import { Command } from 'commander';
import { sourceFetchCommand } from './source-fetch.ts';

export const sourceCommand: Command = new Command('source')
  .summary("Docker's own source: find the checkpoint path in it, put spans into it, build it, run it")
  .addCommand(sourceFetchCommand)
  .addHelpText('after', '\nExample:\n  transship source fetch debian13');
