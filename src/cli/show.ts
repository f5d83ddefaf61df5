import { Command } from 'commander';
import { TransshipError } from '../error.ts';
import { openRun, type RunFolder, readManifest } from '../evidence/run-folder.ts';
import type { AttributeValue } from '../trace/layer-spans.ts';
import type { Span, Trace } from '../trace/span.ts';
import { renderReadings } from './readings.ts';
import { runTitle } from './run-title.ts';
import { escapeText, type Terminal, terminalOf, withFormat } from './terminal.ts';
import { renderTree } from './tree.ts';

interface Options {
  readonly top: string;
  readonly all?: boolean;
  readonly tree: boolean;
  readonly report?: boolean;
  readonly redact?: boolean;
}

export const showCommand: Command = withFormat(new Command('show'))
  .summary('show where the time of a run went')
  .description("Shows a run's trace: a tree with bars, the readings of downtime, what is explained, and the longest spans.")
  .argument('<run>', "a run's name, or the path of its folder")
  .option('--top <n>', 'how many of the longest spans', '5')
  .option('--all', 'every span on a line of its own')
  .option('--no-tree', 'only the readings and the longest spans')
  .option('--report', 'Markdown for a bug report: versions, first error, the lines around it, what to try')
  .option('--redact', 'with --report: without addresses, paths, environment and names')
  .addHelpText('after', '\nExamples:\n  transship show r7 --top 10\n  transship show r7 --report --redact > issue.md')
  .action(run);

async function run(name: string, { top, all, tree, report, redact }: Options, command: Command): Promise<void> {
  const terminal = terminalOf(command);
  if (redact && !report)
    throw new TransshipError('usage', '--redact is for reports only', 'transship show RUN --report --redact');
  if (report) return printReport(terminal, openRun(name), redact === true);
  if (!/^\d{1,4}$/.test(top))
    throw new TransshipError('usage', `--top ${escapeText(top)} is no number`, 'a whole number, as in --top 10');
  await printRun(terminal, openRun(name), { top: Number(top), isAll: all === true, hasTree: tree });
}

interface Shown {
  readonly top?: number;
  readonly isAll?: boolean;
  readonly hasTree?: boolean;
}

export async function printRun(terminal: Terminal, folder: RunFolder, shown: Shown = {}): Promise<void> {
  const { top = 5, isAll = false, hasTree = true } = shown;
  const manifest = readManifest(folder);
  const { criuOf, traceOf } = await import('./load-trace.ts');
  const criu = criuOf(folder);
  const trace = traceOf(folder, criu);
  const { silenceLines } = await import('./gap-lines.ts');
  for (const text of [...manifest.warnings, ...trace.warnings]) terminal.warn(escapeText(text));
  for (const text of trace.inconsistencies) terminal.warn(`inconsistent: ${escapeText(text)}`);
  terminal.result(showDocument(trace), () =>
    [
      runTitle(manifest),
      ...(hasTree ? [renderTree(trace, { isAll })] : []),
      renderReadings({ folder, manifest, trace, top }),
      ...silenceLines(criu, top),
    ].join('\n\n'),
  );
}

async function printReport(terminal: Terminal, folder: RunFolder, isRedacted: boolean): Promise<void> {
  const { reportOf } = await import('./report.ts');
  const text = escapeText(reportOf(folder, isRedacted));
  terminal.result({ schema: 'transship.report/1', run: folder.run, markdown: text }, () => text);
}

/** `--format json`: the fields of the contract, nanoseconds as decimal strings. */
export function showDocument(trace: Trace): object {
  return {
    schema: 'transship.show/1',
    run: trace.run,
    spans: trace.spans.map(spanDocument),
    services: [...new Set(trace.spans.map((span) => span.service))],
    explained: trace.explained,
    clock: trace.clock && { offsetNs: String(trace.clock.offsetNs), boundNs: String(trace.clock.boundNs) },
  };
}

function spanDocument(span: Span): object {
  return {
    traceId: span.traceId,
    spanId: span.spanId,
    parentSpanId: span.parentSpanId ?? null,
    service: span.service,
    host: span.host,
    name: span.name,
    startNs: String(span.startNs),
    durationNs: String(span.durationNs),
    status: span.status,
    attributes: plain(span.attributes),
    events: span.events.map(({ name, timeNs, attributes }) => ({ name, timeNs: String(timeNs), attributes: plain(attributes) })),
  };
}

function plain(attributes: Readonly<Record<string, AttributeValue>>): object {
  return Object.fromEntries(
    Object.entries(attributes).map(([name, value]) => [name, typeof value === 'bigint' ? String(value) : value]),
  );
}
