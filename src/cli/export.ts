import { createWriteStream, renameSync, rmSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { Command } from 'commander';
import { TransshipError } from '../error.ts';
import { openRun } from '../evidence/open-run.ts';
import { exportFormats } from '../export/formats.ts';
import { withLiveSpan } from '../export/live-telemetry.ts';
import { terminalOf } from './terminal.ts';

interface Options {
  readonly to: string;
  readonly output?: string;
}

const formats = Object.keys(exportFormats).join(', ');

export const exportCommand: Command = new Command('export')
  .summary("write a run's trace in another tool's format")
  .description("Writes a run's trace in another tool's format, on stdout or into a file.")
  .argument('<run>', "a run's name, or the path of its folder")
  .requiredOption('--to <format>', formats)
  .option('-o, --output <file>', 'write into a file: all of it or nothing')
  .addHelpText(
    'after',
    `
otlp-json    OTLP JSON Lines, as the OpenTelemetry Collector reads and writes them; Jaeger's page takes them in, too
jaeger-json  Jaeger's JSON, for its page's "Upload"
chrome       Chrome's trace JSON: open it at https://ui.perfetto.dev
csv          a row a span, for spreadsheets and databases
folded       stacks with their own time in µs, for flamegraph.pl, inferno, speedscope
gobench      Go's benchmark lines: benchstat compares two sets of runs

Example:
  transship export r7 --to chrome -o r7.json`,
  )
  .action(run);

async function run(name: string, { to, output }: Options, command: Command): Promise<void> {
  const load = Object.hasOwn(exportFormats, to) ? exportFormats[to] : undefined;
  if (load === undefined) throw new TransshipError('usage', `--to ${to}: no such format`, `one of: ${formats}`);
  const folder = openRun(name);
  const live = { name: 'transship export', attributes: { 'migration.id': folder.run }, warn: terminalOf(command).warn };
  await withLiveSpan(live, async () => {
    const { loadTrace } = await import('./load-trace.ts');
    const write = await load();
    const pieces = write(loadTrace(folder));
    await (output === undefined ? writeStdout(pieces) : writeFileWhole(pieces, output));
  });
}

/** What goes wrong there is said for every command alike (output.ts). */
async function writeStdout(pieces: Iterable<string>): Promise<void> {
  await pipeline(Readable.from(pieces), process.stdout, { end: false });
}

/** Written aside, then renamed; a pipe or a device is written to as it is. */
async function writeFileWhole(pieces: Iterable<string>, file: string): Promise<void> {
  const isPlain = statSync(file, { throwIfNoEntry: false })?.isFile() ?? true;
  const aside = isPlain ? join(dirname(file), `.${basename(file)}.${process.pid}.new`) : file;
  try {
    await pipeline(Readable.from(pieces), createWriteStream(aside));
    if (isPlain) renameSync(aside, file);
  } catch (cause) {
    if (isPlain) rmSync(aside, { force: true });
    throw unwritable(file, cause);
  }
}

/** Anything but an error of the system is a defect of ours, and stays what it is. */
function unwritable(place: string, cause: unknown): unknown {
  const { code, message } = cause as NodeJS.ErrnoException;
  if (code === undefined) return cause;
  return new TransshipError('failed', `${place}: cannot be written (${message})`, 'write to another file, with -o', { cause });
}
