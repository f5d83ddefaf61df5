import { Command } from 'commander';
import { sourceFetchCommand } from './source-fetch.ts';
import { sourceInstrumentCommand } from './source-instrument.ts';
import { sourceScanCommand } from './source-scan.ts';

export const sourceCommand: Command = new Command('source')
  .summary("Docker's own source: find the checkpoint path in it, put spans into it, build it, run it")
  .addCommand(sourceFetchCommand)
  .addCommand(sourceScanCommand)
  .addCommand(sourceInstrumentCommand)
  .addHelpText('after', '\nExample:\n  transship source fetch debian13');
