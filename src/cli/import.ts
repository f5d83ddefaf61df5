import { createWriteStream, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { Command } from 'commander';
import { TransshipError } from '../error.ts';
import { hostEvidence } from '../evidence/run-folder.ts';
import type { SourceFile } from '../layers/criu/log-files.ts';
import type { CriuLogSummary } from '../layers/criu/summary.ts';
import { escapeText, terminalOf, withFormat } from './terminal.ts';

interface Options {
  readonly name?: string;
}

export const importCommand: Command = withFormat(new Command('import'))
  .summary("explain anybody's CRIU logs; needs no Docker, no root, no Linux")
  .description('Makes a run of logs and statistics of CRIU (recognised by content), and shows where their time went.')
  .argument('<path...>', 'a log, a folder, or - for standard input')
  .option('--name <run>', 'name of the new run; the next free rN without it')
  .addHelpText('after', '\nExample:\n  transship import /var/log/criu/dump.log')
  .action(run);

async function run(paths: readonly string[], options: Options, command: Command): Promise<void> {
  const terminal = terminalOf(command);
  const input = await readInput(paths);
  try {
    const { findSources } = await import('../layers/criu/log-files.ts');
    const { sources, warnings } = findSources(
      [...new Set(paths)].map((path) => ({ path: path === '-' ? input.path : path, shown: path })),
    );
    const { importHost, writeImport } = await import('./import-run.ts');
    const folder = writeImport(sources, options.name);
    const { readCriuEvidence } = await import('../layers/criu/evidence.ts');
    const { criuSummary } = await import('../layers/criu/summary.ts');
    const { loadTrace } = await import('./load-trace.ts');
    const { logs } = criuSummary(readCriuEvidence(hostEvidence(folder, importHost)));
    const trace = loadTrace(folder);
    for (const text of [...warnings, ...trace.warnings]) terminal.warn(escapeText(text));
    const { importText } = await import('./import-text.ts');
    terminal.result(importDocument(folder.run, sources, logs), () => importText({ folder, sources, logs, trace }));
  } finally {
    input.remove();
  }
}

/** Standard input goes through a file, since it is read more than once. */
async function readInput(paths: readonly string[]): Promise<{ readonly path: string; remove(): void }> {
  if (!paths.includes('-')) return { path: '-', remove: () => {} };
  if (process.stdin.isTTY)
    throw new TransshipError(
      'usage',
      '-: standard input is a terminal',
      'pipe a log into it: ssh host cat dump.log | transship import -',
    );
  const folder = temporaryFolder();
  const path = join(folder, 'input');
  const remove = () => rmSync(folder, { recursive: true, force: true });
  try {
    const { bounded } = await import('./bounded-input.ts');
    await pipeline(process.stdin, bounded, createWriteStream(path));
  } catch (error) {
    remove();
    throw error;
  }
  return { path, remove };
}

function temporaryFolder(): string {
  try {
    return mkdtempSync(join(tmpdir(), 'transship-'));
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    throw new TransshipError(
      'input',
      `${tmpdir()}: standard input cannot be kept there (${code})`,
      'set TMPDIR to a folder that you may write, or name a file instead of -',
      { cause },
    );
  }
}

/** `--format json`: the fields of the contract. */
function importDocument(run: string, sources: readonly SourceFile[], logs: readonly CriuLogSummary[]): object {
  return {
    schema: 'transship.import/1',
    run,
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
