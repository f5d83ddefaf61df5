import { Argument, Command } from 'commander';
import { type SourceSet, sourceSets } from '../../vm/versions.ts';
import { terminalOf, withFormat } from './terminal.ts';

interface Options {
  readonly tree?: readonly string[];
  readonly to?: string;
}

export const sourceFetchCommand: Command = withFormat(new Command('fetch'))
  .summary('get the sources of a version set: runc, containerd, go-runc, dockerd')
  .description("Debian's source packages, checked against its signed index and patched; kept, so that a set is fetched once.")
  .addArgument(new Argument('[set]', 'debian13 (Docker 26), or testing (Docker 28 or later)').choices(sourceSets))
  .option(
    '--tree <dir>',
    'a checkout in the place of its package, or alone; may be given several times',
    (dir: string, all: string[] = []) => [...all, dir],
  )
  .option('--to <folder>', 'put them into a new folder instead of the cache')
  .addHelpText('after', '\nExample:\n  transship source fetch debian13 --to sources && transship source scan sources')
  .action(run);

async function run(set: SourceSet | undefined, options: Options, command: Command): Promise<void> {
  const terminal = terminalOf(command);
  const { fetchSources } = await import('../instrument/fetch-sources.ts');
  const fetched = await fetchSources({
    set: set ?? null,
    checkouts: options.tree ?? [],
    to: options.to ?? null,
    asksAgain: true,
    say: terminal.say,
  });
  for (const warning of fetched.warnings) terminal.warn(warning);
  terminal.result({ ...fetched, schema: 'transship.source-fetch/1' }, () => fetched.folder);
}
