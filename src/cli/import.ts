import { createWriteStream, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { Command } from 'commander';
import { TransshipError } from '../error.ts';
import type { Input } from '../unpack/find-files.ts';
import { parseLogStart } from './log-start.ts';
import type { TakenIn } from './take-in.ts';
import { escapeText, terminalOf, withFormat } from './terminal.ts';

interface Options {
  readonly name?: string;
  readonly at?: readonly string[];
}

export const importCommand: Command = withFormat(new Command('import'))
  .summary("explain anybody's CRIU logs; needs no Docker, no root, no Linux")
  .description(
    'Makes a run of logs and statistics of CRIU (recognised by content), and shows where their time went. Takes checkpoint archives, too.',
  )
  .argument('<path...>', 'a log, a folder, an archive (tar, gzip, zstd), or - for standard input')
  .option('--name <run>', 'name of the new run; the next free rN without it')
  .option('--at <[file=]time...>', "when a log begins, where its file's time does not tell (a copy, a pipe)")
  .addHelpText(
    'after',
    '\nExamples:\n  transship import /var/log/criu/dump.log\n  transship import checkpoint.tar.gz restore.log',
  )
  .action(run);

async function run(paths: readonly string[], options: Options, command: Command): Promise<void> {
  const terminal = terminalOf(command);
  const folder = temporaryFolder();
  try {
    const inputs = await Promise.all([...new Set(paths)].map((path) => inputOf(path, folder)));
    const { takeIn } = await import('./take-in.ts');
    const { run, sources, images, logs, trace, warnings } = await takeIn(inputs, {
      ...options,
      folder,
      starts: (options.at ?? []).map(parseLogStart),
    });
    for (const text of warnings) terminal.warn(escapeText(text));
    const { importText } = await import('./import-text.ts');
    const text = terminal.isJson ? '' : await importText({ folder: run, sources, images, logs, trace });
    terminal.result(importDocument(run.run, { sources, images, logs }), () => text);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function inputOf(path: string, folder: string): Promise<Input> {
  if (path !== '-') return { path, shown: path, hasTimes: true };
  if (process.stdin.isTTY)
    throw new TransshipError(
      'usage',
      '-: standard input is a terminal',
      'pipe a log into it: ssh host cat dump.log | transship import -',
    );
  const kept = join(folder, 'input');
  const { bounded } = await import('./bounded-input.ts');
  // through a file, since it is read more than once
  await pipeline(process.stdin, bounded, createWriteStream(kept));
  return { path: kept, shown: path, hasTimes: false };
}

function temporaryFolder(): string {
  try {
    return mkdtempSync(join(tmpdir(), 'transship-'));
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    throw new TransshipError(
      'input',
      `${tmpdir()}: nothing can be kept there (${code})`,
      'set TMPDIR to a folder that you may write',
      { cause },
    );
  }
}

/** `--format json`: the fields of the contract. */
function importDocument(run: string, { sources, images, logs }: Pick<TakenIn, 'sources' | 'images' | 'logs'>): object {
  return {
    schema: 'transship.import/1',
    run,
    images,
    sources: sources.map(({ shown, kind, number }) => {
      const log = kind.startsWith('stats-') ? undefined : logs[number - 1];
      return {
        ...{
          file: shown,
          kind,
          criuVersion: log?.version ?? null,
          lines: log?.lines ?? null,
          outcome: log?.outcome ?? 'unknown',
        },
        ...{ phases: log?.phases ?? [], failure: log?.failure ?? null },
      };
    }),
  };
}
