import { Command } from 'commander';
import { openRuns } from '../evidence/open-run.ts';
import { differences, type OperationDifference } from '../trace/difference.ts';
import { loadSide, type Side } from './diff-side.ts';
import { diffText } from './diff-text.ts';
import { terminalOf, withFormat } from './terminal.ts';
import { wholeNumber } from './whole-number.ts';

interface Options {
  readonly top: string;
}

export const diffCommand: Command = withFormat(new Command('diff'))
  .summary('compare two runs, or two folders of runs')
  .description(
    'Compares two runs, or two folders of runs, operation by operation: the medians, the difference with its 95 % interval, what appeared and what went.',
  )
  .argument('<before>', "a run's name, the path of its folder, or a folder of runs")
  .argument('<after>', 'the same, to be compared with it')
  .option('--top <n>', 'how many of the largest differences', '15')
  .addHelpText(
    'after',
    `
A set is made by recording into a folder of its own: TRANSSHIP_TRACES=before transship migrate …

Example:
  transship diff before/ after/`,
  )
  .action(run);

async function run(beforeName: string, afterName: string, { top }: Options, command: Command): Promise<void> {
  const terminal = terminalOf(command);
  const most = wholeNumber('--top', top);
  // both are looked for before either is read: a wrong name is told at once
  const [beforeRuns, afterRuns] = [openRuns(beforeName), openRuns(afterName)];
  const before = await loadSide(terminal, beforeName, beforeRuns);
  const after = await loadSide(terminal, afterName, afterRuns);
  const rows = differences(before.times, after.times);
  const text = await diffText({ before, after, rows, most });
  terminal.result(diffDocument({ before, after, rows }), () => text);
}

interface Compared {
  readonly before: Side;
  readonly after: Side;
  readonly rows: readonly OperationDifference[];
}

/** `--format json`; microseconds are numbers, what is unknown is null. */
function diffDocument({ before, after, rows }: Compared): object {
  const namesOf = (side: Side) => ({ name: side.name, runs: side.manifests.map((manifest) => manifest.run) });
  return {
    schema: 'transship.diff/1',
    before: namesOf(before),
    after: namesOf(after),
    operations: rows.map(({ name, before: old, after: fresh, differenceUs, interval }) => ({
      name,
      before: old,
      after: fresh,
      differenceUs,
      lowUs: interval?.low ?? null,
      highUs: interval?.high ?? null,
    })),
    appeared: rows.filter((row) => row.before === null).map(({ name }) => name),
    went: rows.filter((row) => row.after === null).map(({ name }) => name),
  };
}
