/**
 * Who has the downtime: a Markdown table of the layers' named work within it, one column a run.
 * `npm run -s downtime-by-layer -- RUN...`
 */
import { loadTrace } from '../src/cli/load-trace.ts';
import { reportError } from '../src/cli/terminal.ts';
import { TransshipError } from '../src/error.ts';
import { openRun } from '../src/evidence/run-folder.ts';
import { clip, lengthNs, union } from '../src/trace/intervals.ts';
import { services } from '../src/trace/layer-spans.ts';
import type { Trace } from '../src/trace/span.ts';
import { formatNs, nsToUs } from '../src/trace/time.ts';
import { explainingSpans } from '../src/trace/trace-leaves.ts';

interface Column {
  readonly run: string;
  readonly wholeNs: bigint;
  /** Named work of each layer in the downtime; a moment in which two layers work counts for both. */
  readonly byService: ReadonlyMap<string, bigint>;
  /** As `transship show` counts it: what lies within the error of a layer's clock explains nothing. */
  readonly unexplainedNs: bigint;
}

export function columnOf(trace: Trace): Column {
  const window = trace.downtime;
  if (window === null) {
    throw new TransshipError(
      'input',
      `${trace.run}: the run has no downtime to divide`,
      'an import has none: name a migration (transship runs)',
    );
  }
  const leaves = explainingSpans(trace).map((span) => ({
    service: span.service,
    startNs: span.startNs,
    endNs: span.startNs + span.durationNs,
  }));
  const within = (of: typeof leaves) => lengthNs(clip(union(of), window));
  const wholeNs = window.endNs - window.startNs;
  return {
    run: trace.run,
    wholeNs,
    byService: new Map(services.map((service) => [service, within(leaves.filter((leaf) => leaf.service === service))])),
    unexplainedNs: BigInt(Math.round(Number(wholeNs) * (1 - explainedShare(trace)))),
  };
}

function explainedShare({ explained }: Trace): number {
  return explained === null ? 0 : explained.bounded + explained.untilNext + explained.inferred;
}

export function tableOf(columns: readonly Column[]): string {
  const cell = (ns: bigint, whole: bigint) => `${formatNs(ns)} (${((100 * nsToUs(ns)) / nsToUs(whole)).toFixed(1)} %)`;
  const rows = [
    ['layer', ...columns.map((column) => column.run)],
    ['---', ...columns.map(() => '---')],
    ...services
      .filter((service) => columns.some((column) => (column.byService.get(service) ?? 0n) > 0n))
      .map((service) => [service, ...columns.map((column) => cell(column.byService.get(service) ?? 0n, column.wholeNs))]),
    ['unexplained', ...columns.map((column) => cell(column.unexplainedNs, column.wholeNs))],
    ['traced downtime', ...columns.map((column) => formatNs(column.wholeNs))],
  ];
  return rows.map((row) => `| ${row.join(' | ')} |`).join('\n');
}

/** Run as a program, and not when a test imports it. */
if (process.argv[1]?.endsWith('downtime-by-layer.js')) {
  try {
    const runs = process.argv.slice(2);
    if (runs.length === 0) throw new TransshipError('usage', 'no run was named', 'npm run -s downtime-by-layer -- sample-redis');
    process.stdout.write(`${tableOf(runs.map((run) => columnOf(loadTrace(openRun(run)))))}\n`);
  } catch (error) {
    process.exitCode = reportError(error);
  }
}
