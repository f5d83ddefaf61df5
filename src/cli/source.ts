import { Command } from 'commander';
import { sourceBuildCommand } from './source-build.ts';
import { sourceFetchCommand } from './source-fetch.ts';
import { sourceInstallCommand } from './source-install.ts';
import { sourceInstrumentCommand } from './source-instrument.ts';
import { sourceScanCommand } from './source-scan.ts';

export const sourceCommand: Command = new Command('source')
  .summary("Docker's own source: find the checkpoint path in it, put spans into it, build it, run it")
  .addCommand(sourceFetchCommand)
  .addCommand(sourceScanCommand)
  .addCommand(sourceInstrumentCommand)
  .addCommand(sourceBuildCommand)
  .addCommand(sourceInstallCommand)
  .addHelpText('after', '\nExample:\n  transship source fetch debian13');
