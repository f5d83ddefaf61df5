import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { Command, Option } from 'commander';
import { TransshipError } from '../error.ts';
import { tracesRoot } from '../evidence/run-folder.ts';
import type { Cell, CellResult, UnplayedCell } from '../matrix/cells.ts';
import { escapeText } from './terminal.ts';
import { wholeNumber } from './whole-number.ts';

interface Options {
  readonly kernels?: string;
  readonly crius?: string;
  readonly state?: string;
  readonly again?: boolean;
  readonly saved?: boolean;
  readonly atOnce: number;
  readonly format: 'text' | 'markdown' | 'json';
}

export const matrixCommand: Command = new Command('matrix')
  .summary('try kernels and CRIUs with each other, in virtual machines')
  .description(
    `Boots each kernel with each set of packages, and asks: does criu check pass, and can a container with a socket be pre-dumped,
checkpointed and restored, on Docker's bridge and on the host's network? Cells that do not work have the failing phase and its cause.
What was found is kept, and the same command goes on where it was left.`,
  )
  .usage('[options] [-- migrate WORDS... | -- CMD...]')
  .argument(
    '[test...]',
    'instead: migrate WORDS moves a container from a to b in each cell; any other command has the hosts as test:a and test:b, and its exit status tells',
  )
  .option('--kernels <list>', 'as transship testbed sets names them, with commas between (default: all)')
  .option('--crius <list>', "CRIU's versions or names of sets, with commas between (default: all)")
  .option('--state <folder>', 'where results are kept (default: .matrix beside the runs)')
  .option('--again', 'play cells again that were played before')
  .option('--saved', 'machines go on from a saved state instead of booting; the first time it is made (0.3 GB a cell)')
  .addOption(
    new Option('--at-once <n>', 'cells at a time')
      .default(Math.max(1, Math.min(2, availableParallelism())))
      .argParser((text) => wholeNumber('--at-once', text)),
  )
  .addOption(new Option('--format <format>', 'how the table is printed').choices(['text', 'markdown', 'json']).default('text'))
  .addHelpText(
    'after',
    '\nExamples:\n  transship matrix --kernels 6.1,6.12 --crius 4.2\n  transship matrix --kernels 6.12 -- migrate --strategy pre-copy',
  )
  .action(run);

async function run(words: readonly string[], options: Options): Promise<void> {
  const { chooseCells } = await import('../matrix/cells.ts');
  const cells = chooseCells({ kernels: listOf(options.kernels), crius: listOf(options.crius) });
  const { openKeptCells } = await import('../matrix/kept-cells.ts');
  const { playCells } = await import('../matrix/play-cells.ts');
  const { matrixText, resultLine } = await import('./matrix-text.ts');
  process.env.TRANSSHIP_PATIENCE ??= '5';
  using kept = openKeptCells(resolve(options.state ?? join(tracesRoot(), '.matrix')), words);
  const interrupt = new AbortController();
  const stop = (): void => {
    say('interrupted: the machines are taken down');
    interrupt.abort();
  };
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, stop);
  const results = await playCells({
    ...{
      cells,
      words,
      kept,
      say,
      isAgain: options.again ?? false,
      isSaved: options.saved ?? false,
      atOnce: options.atOnce,
      signal: interrupt.signal,
    },
    program: [process.execPath, process.argv[1] as string],
    runNameOf,
    keep: keepRun,
    onResult: (result) => say(escapeText(resultLine(result))),
  });
  process.stdout.write(await matrixText(results, { format: options.format, words }));
  process.exitCode = await statusOf(results, words);
}

function listOf(text: string | undefined): readonly string[] {
  return (text ?? '').split(',').flatMap((word) => (word.trim() === '' ? [] : [word.trim()]));
}

const say = (line: string): void => void process.stderr.write(`${line}\n`);

/** Free among the runs: an earlier one stays. */
function runNameOf({ kernel, packages }: Cell): string {
  const name = `cell-${kernel}-${packages}`;
  for (let next = 1; ; next += 1) {
    const free = next === 1 ? name : `${name}-${next}`;
    if (!existsSync(join(tracesRoot(), free))) return free;
  }
}

async function keepRun(name: string, archive: string) {
  const folder = mkdtempSync(join(tmpdir(), 'transship-'));
  try {
    mkdirSync(tracesRoot(), { recursive: true });
    const { takeIn } = await import('./take-in.ts');
    const { run, logs } = await takeIn([{ path: archive, shown: archive, hasTimes: true }], { name, folder, starts: [] });
    return { run: run.run, logs };
  } catch (error) {
    if (error instanceof TransshipError && error.code === 'input') return null; // no log was written
    throw error;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** A cell that was not played: 1. One that is otherwise than it is known to be: 5. One that fails as it is known to is no failure. */
async function statusOf(results: readonly (CellResult | UnplayedCell)[], words: readonly string[]): Promise<number> {
  const { isAsKnown } = await import('../matrix/cells.ts');
  if (results.some((result) => 'why' in result)) return 1;
  const played = results.flatMap((result) => ('why' in result ? [] : [result]));
  if (words.length > 0) return played.some(({ failures }) => failures.length > 0) ? 1 : 0;
  return played.some((result) => isAsKnown(result) === false) ? 5 : 0;
}
