import { Command } from 'commander';
import { TransshipError } from '../error.ts';
import type { Manifest } from '../evidence/manifest.ts';
import { openRun, readManifest } from '../evidence/open-run.ts';
import type { RunFolder } from '../evidence/run-folder.ts';
import { blame } from '../trace/blame.ts';
import { criticalPath } from '../trace/critical-path.ts';
import { savings } from '../trace/savings.ts';
import type { Trace } from '../trace/span.ts';
import { blameText } from './blame-text.ts';
import { pathText } from './path-text.ts';
import { renderReadings } from './readings.ts';
import { runTitle } from './run-title.ts';
import { showDocument } from './show-document.ts';
import { escapeText, type Terminal, terminalOf, withFormat } from './terminal.ts';
import { renderTree } from './tree.ts';
import { wholeNumber } from './whole-number.ts';

interface Options {
  readonly top: string;
  readonly all?: boolean;
  readonly tree: boolean;
  readonly criticalPath?: boolean;
  readonly blame?: boolean;
  readonly explain?: string;
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
  .option('--critical-path', 'instead: what the end of the downtime was waiting for, from its begin on')
  .option('--blame', 'instead: who had the downtime, by layer, phase and operation, and what would shorten it')
  .option('--explain <span>', 'instead: what the spans of that name are, and where it stands in the source')
  .option('--report', 'instead: Markdown for a bug report: versions, first error, the lines around it, what to try')
  .option('--redact', 'with --report: without addresses, paths, environment and names')
  .addHelpText(
    'after',
    '\nExamples:\n  transship show r7 --top 10\n  transship show r7 --blame\n  transship show r7 --report --redact',
  )
  .action(run);

async function run(name: string, options: Options, command: Command): Promise<void> {
  const { top, all, tree, criticalPath, blame, explain, report, redact } = options;
  const terminal = terminalOf(command);
  if (redact && !report)
    throw new TransshipError('usage', '--redact is for reports only', 'transship show RUN --report --redact');
  const shown = { top: wholeNumber('--top', top), isAll: all === true };
  const folder = openRun(name);
  if (explain !== undefined) await printExplanation(terminal, folder, explain);
  else if (report) await printReport(terminal, folder, redact === true);
  else if (criticalPath || blame)
    await printPath(terminal, folder, { ...shown, hasPath: criticalPath === true, hasBlame: blame === true });
  else await printRun(terminal, folder, { ...shown, hasTree: tree });
}

interface Shown {
  readonly top?: number;
  readonly isAll?: boolean;
  readonly hasTree?: boolean;
}

interface PathShown {
  readonly top: number;
  readonly isAll: boolean;
  readonly hasPath: boolean;
  readonly hasBlame: boolean;
}

async function printPath(terminal: Terminal, folder: RunFolder, { top, isAll, hasPath, hasBlame }: PathShown): Promise<void> {
  const manifest = readManifest(folder);
  const { loadTrace } = await import('./load-trace.ts');
  const trace = loadTrace(folder);
  warnOf(terminal, manifest, trace);
  const path = criticalPath(trace);
  const sections = [
    runTitle(manifest),
    ...(hasPath ? [await pathText(trace, path, isAll)] : []),
    ...(hasBlame
      ? [
          await blameText({
            trace,
            blamed: blame(trace, path),
            saved: savings(trace, path),
            top: isAll ? Number.MAX_SAFE_INTEGER : top,
          }),
        ]
      : []),
  ];
  terminal.result(showDocument(trace), () => sections.join('\n\n'));
}

function warnOf(terminal: Terminal, manifest: Manifest, trace: Trace): void {
  for (const text of [...manifest.warnings, ...trace.warnings]) terminal.warn(escapeText(text));
  for (const text of trace.inconsistencies) terminal.warn(`inconsistent: ${escapeText(text)}`);
}

export async function printRun(terminal: Terminal, folder: RunFolder, shown: Shown = {}): Promise<void> {
  const { top = 5, isAll = false, hasTree = true } = shown;
  const manifest = readManifest(folder);
  const { criuOf } = await import('./load-trace.ts');
  const { keepDerived } = await import('./derived-trace.ts');
  const { traceOf } = await import('./trace-of.ts');
  const criu = criuOf(folder);
  const trace = traceOf(folder, manifest, criu);
  keepDerived(folder, trace);
  const { silenceLines } = await import('./gap-lines.ts');
  warnOf(terminal, manifest, trace);
  terminal.result(showDocument(trace), () =>
    [
      runTitle(manifest),
      ...(hasTree ? [renderTree(trace, { isAll })] : []),
      renderReadings({ folder, manifest, trace, top }),
      ...silenceLines(criu, top),
    ].join('\n\n'),
  );
}

async function printExplanation(terminal: Terminal, folder: RunFolder, asked: string): Promise<void> {
  const { loadTrace } = await import('./load-trace.ts');
  const { explainSpans, explanationText } = await import('./explain-text.ts');
  const explained = explainSpans(loadTrace(folder), asked);
  const operations = explained.map(({ operation, places, spans }) => ({
    ...operation,
    places,
    spanIds: spans.map(({ spanId }) => spanId),
  }));
  terminal.result({ schema: 'transship.explanation/1', run: folder.run, operations }, () =>
    escapeText(explanationText(explained)),
  );
}

async function printReport(terminal: Terminal, folder: RunFolder, isRedacted: boolean): Promise<void> {
  const { reportOf } = await import('./report.ts');
  const text = escapeText(reportOf(folder, isRedacted));
  terminal.result({ schema: 'transship.report/1', run: folder.run, markdown: text }, () => text);
}
