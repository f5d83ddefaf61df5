import { Command, Option } from 'commander';
import { type SourceSet, sourceSets } from '../../vm/versions.ts';
import { TransshipError } from '../error.ts';
import { onlyOption, programsNamed } from './source-build.ts';
import { type Terminal, terminalOf } from './terminal.ts';

interface Options {
  readonly set: SourceSet;
  readonly only: string;
  readonly stock?: boolean;
  readonly yes?: boolean;
}

export const sourceInstallCommand: Command = new Command('install')
  .summary('have a test host run the programs with spans, or its own again')
  .description(
    "Puts them beside the host's own and mounts them over those, which stay as they are. New containers use them at once, a daemon when it is restarted.",
  )
  .argument('<host>', 'test:NAME; another host only with --yes')
  .addOption(new Option('--set <set>', 'which build').choices(sourceSets).default('debian13'))
  .addOption(onlyOption())
  .option('--stock', "the host's own programs again, nothing of ours left")
  .option('--yes', 'agree that a host is changed that is no test host')
  .addHelpText('after', '\nExample:\n  transship source install test:a && transship source install test:b')
  .action(run);

async function run(spec: string, options: Options, command: Command): Promise<void> {
  const terminal = terminalOf(command);
  const programs = programsNamed(options.only);
  if (!spec.startsWith('test:') && !options.yes) await refuse(spec, options.stock === true, programs);
  const { connectHost } = await import('../hosts/connect.ts');
  const { backToStock, installPrograms } = await import('../instrument/install-programs.ts');
  await using host = await connectHost(spec);
  if (options.stock) {
    const switched = await backToStock(host);
    return say(
      terminal,
      switched.map(({ path }) => `${host.name}: its own ${path}`),
      `${host.name}: there was nothing of ours`,
    );
  }
  const { buildPrograms } = await import('../instrument/build-programs.ts');
  const built = await buildPrograms({ set: options.set, programs, say: terminal.say });
  const switched = await installPrograms(host, built);
  say(
    terminal,
    switched.map(({ name, path }) => `${host.name}: ${path} is our ${name}${isDaemon(name) ? ', once it is restarted' : ''}`),
    '',
  );
}

function isDaemon(name: string): boolean {
  return name === 'containerd' || name === 'dockerd';
}

async function refuse(name: string, isStock: boolean, programs: readonly string[]): Promise<never> {
  const { installFolder } = await import('../instrument/install-programs.ts');
  const what = isStock
    ? 'its own programs would be switched back to'
    : `${programs.join(' and ')} would be put into ${installFolder} and mounted over its own`;
  throw new TransshipError('usage', `${name} is no test host: ${what}; nothing was touched`, '--yes agrees to that');
}

function say(terminal: Terminal, lines: readonly string[], otherwise: string): void {
  for (const line of lines.length > 0 ? lines : [otherwise]) if (line !== '') terminal.say(line);
}
