import { Command } from 'commander';
import { openRun, type RunFolder, readManifest } from '../evidence/run-folder.ts';
import type { AttributeValue } from '../trace/layer-spans.ts';
import type { Span, Trace } from '../trace/span.ts';
import { renderReadings } from './readings.ts';
import { runTitle } from './run-title.ts';
import { escapeText, type Terminal, terminalOf, withFormat } from './terminal.ts';
import { renderTree } from './tree.ts';
import { wholeNumber } from './whole-number.ts';

interface Options {
  readonly top: string;
  readonly all?: boolean;
  readonly tree: boolean;
}

export const showCommand: Command = withFormat(new Command('show'))
  .summary('show where the time of a run went')
  .description("Shows a run's trace: a tree with bars, the readings of downtime, what is explained, and the longest spans.")
  .argument('<run>', "a run's name, or the path of its folder")
  .option('--top <n>', 'how many of the longest spans', '5')
  .option('--all', 'every span on a line of its own')
  .option('--no-tree', 'only the readings and the longest spans')
  .addHelpText('after', '\nExample:\n  transship show r7 --top 10')
  .action(run);

async function run(name: string, { top, all, tree }: Options, command: Command): Promise<void> {
  const terminal = terminalOf(command);
  await printRun(terminal, openRun(name), { top: wholeNumber('--top', top), isAll: all === true, hasTree: tree });
}

interface Shown {
  readonly top?: number;
  readonly isAll?: boolean;
  readonly hasTree?: boolean;
}

export async function printRun(terminal: Terminal, folder: RunFolder, shown: Shown = {}): Promise<void> {
  const { top = 5, isAll = false, hasTree = true } = shown;
  const manifest = readManifest(folder);
  const { loadTrace } = await import('./load-trace.ts');
  const trace = loadTrace(folder);
  for (const text of [...manifest.warnings, ...trace.warnings]) terminal.warn(escapeText(text));
  for (const text of trace.inconsistencies) terminal.warn(`inconsistent: ${escapeText(text)}`);
  terminal.result(showDocument(trace), () =>
    [
      runTitle(manifest),
      ...(hasTree ? [renderTree(trace, { isAll })] : []),
      renderReadings({ folder, manifest, trace, top }),
    ].join('\n\n'),
  );
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
