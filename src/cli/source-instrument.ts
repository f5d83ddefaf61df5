import { Command } from 'commander';
import { TransshipError } from '../error.ts';
import { escapeText, type Terminal, terminalOf } from './terminal.ts';

interface Options {
  readonly dryRun?: boolean;
  readonly remove?: boolean;
  readonly partial?: boolean;
}

export const sourceInstrumentCommand: Command = new Command('instrument')
  .summary('put a span into every function of the path')
  .description(
    'Changes the files in place, lines keep their numbers. All or nothing; again: nothing more. What has no span says why.',
  )
  .argument('<dir...>', 'a copy of the sources: transship source fetch SET --to FOLDER')
  .option('--dry-run', 'print the diff, change nothing')
  .option('--remove', 'take all of it out again, to the byte')
  .option('--partial', 'go on where a rule matches nothing')
  .addHelpText(
    'after',
    '\nExample:\n  transship source fetch debian13 --to sources && transship source instrument sources --dry-run',
  )
  .action(run);

async function run(folders: readonly string[], options: Options, command: Command): Promise<void> {
  const terminal = terminalOf(command);
  await refuseCache(folders);
  const { applyChanges, unifiedDiff } = await import('../instrument/file-changes.ts');
  const changes = options.remove ? await removal(folders) : await injection(terminal, folders, options.partial === true);
  if (options.dryRun) {
    if (changes.length > 0) terminal.result({}, () => escapeText(unifiedDiff(changes)));
  } else applyChanges(changes);
  const verb = options.dryRun ? 'would be changed' : 'changed';
  terminal.say(changes.length === 0 ? 'nothing to do' : `${changes.length} files ${verb}`);
}

async function removal(folders: readonly string[]) {
  const { goFilesIn } = await import('../instrument/go-files.ts');
  const { planRemoval } = await import('../instrument/inject.ts');
  return planRemoval(goFilesIn(folders).map(({ path }) => path));
}

async function injection(terminal: Terminal, folders: readonly string[], isPartial: boolean) {
  const { planInjection } = await import('../instrument/inject.ts');
  const { pathRules } = await import('../instrument/path-rules.ts');
  const { changes, spans, without } = await planInjection(folders, pathRules, isPartial);
  terminal.say(`${spans} functions with a span`);
  for (const { name, place, why } of without) terminal.say(`no span: ${name} (${place}): ${why}`);
  return changes;
}

/** The cache is what was fetched and checked, for everybody. */
async function refuseCache(folders: readonly string[]): Promise<void> {
  const { resolve } = await import('node:path');
  const { cacheFolder } = await import('../../vm/places.ts');
  const inside = folders.find((folder) => `${resolve(folder)}/`.startsWith(`${cacheFolder}/`));
  if (inside === undefined) return;
  throw new TransshipError(
    'usage',
    `${inside}: the cache stays as it was fetched`,
    'work on a copy: transship source fetch SET --to FOLDER',
  );
}
