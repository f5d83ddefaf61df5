import { Argument, Command, Option } from 'commander';
import { type SourceSet, sourceSets } from '../../vm/versions.ts';
import { TransshipError } from '../error.ts';
import { type ProgramName, programNames } from '../instrument/programs.ts';
import { terminalOf, withFormat } from './terminal.ts';

interface Options {
  readonly only?: string;
}

export const onlyOption = (): Option =>
  new Option('--only <programs>', `some of ${programNames.join(',')}`).default('runc,containerd-shim-runc-v2');

export const sourceBuildCommand: Command = withFormat(new Command('build'))
  .summary('build the programs with the spans in them')
  .description(
    "Plain `go build` in a tree with Debian's Go; kept by recipe. The daemons need their build dependencies: some 3 GB.",
  )
  .addArgument(new Argument('<set>', 'debian13 (Docker 26), or testing (Docker 28 or later)').choices(sourceSets))
  .addOption(onlyOption())
  .addHelpText('after', '\nExample:\n  transship source build debian13')
  .action(run);

async function run(set: SourceSet, options: Options, command: Command): Promise<void> {
  const terminal = terminalOf(command);
  const { buildPrograms } = await import('../instrument/build-programs.ts');
  const built = await buildPrograms({ set, programs: programsNamed(options.only ?? ''), say: terminal.say });
  const text = (): string => [built.folder, ...built.programs.map(({ name, version }) => `${name} ${version}`)].join('\n');
  terminal.result({ schema: 'transship.source-build/1', ...built }, text);
}

/** @throws TransshipError `usage` */
export function programsNamed(words: string): readonly ProgramName[] {
  const names = words.split(',').filter((name) => name !== '');
  const unknown = names.find((name) => !(programNames as readonly string[]).includes(name));
  if (unknown !== undefined || names.length === 0)
    throw new TransshipError(
      'usage',
      `--only ${words}: ${unknown ?? 'nothing'} is no program of the path`,
      `some of ${programNames.join(',')}`,
    );
  return programNames.filter((name) => names.includes(name));
}
