import { Command } from 'commander';
import { transshipVersion } from './version-of.ts';

/**
 * Every command, one file each, in the order of `--help`. Only the one that is asked for is loaded, with what it needs: the others
 * would cost more than a log of usual length.
 */
const commands: Readonly<Record<string, () => Promise<Command>>> = {
  migrate: async () => (await import('./migrate.ts')).migrateCommand,
  recover: async () => (await import('./recover.ts')).recoverCommand,
  demo: async () => (await import('./demo.ts')).demoCommand,
  doctor: async () => (await import('./doctor.ts')).doctorCommand,
  version: async () => (await import('./version.ts')).versionCommand,
  import: async () => (await import('./import.ts')).importCommand,
  record: async () => (await import('./record.ts')).recordCommand,
  export: async () => (await import('./export.ts')).exportCommand,
  send: async () => (await import('./send.ts')).sendCommand,
  wrap: async () => (await import('./wrap.ts')).wrapCommand,
  testbed: async () => (await import('./testbed.ts')).testbedCommand,
  matrix: async () => (await import('./matrix.ts')).matrixCommand,
  source: async () => (await import('./source.ts')).sourceCommand,
  show: async () => (await import('./show.ts')).showCommand,
  diff: async () => (await import('./diff.ts')).diffCommand,
  runs: async () => (await import('./runs.ts')).runsCommand,
};

/** The command line as far as `words` need it; the whole of it where they name no command. It throws instead of ending the process. */
export async function transshipProgram([name = '']: readonly string[] = []): Promise<Command> {
  const program = new Command('transship')
    .description('live-migrate Docker containers and see where the time goes')
    .version(transshipVersion())
    .addHelpText('after', '\nExample:\n  transship import dump.log');
  const asked = Object.hasOwn(commands, name) ? commands[name] : undefined;
  for (const load of asked === undefined ? Object.values(commands) : [asked]) program.addCommand(await load());
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
