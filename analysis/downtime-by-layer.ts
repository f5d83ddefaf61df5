/**
 * Who has the downtime: a Markdown table of the layers' shares of it, one column a run. Each moment counts once, as in `show --blame`.
 * `npm run -s downtime-by-layer -- RUN...`
 */
import { loadTrace } from '../src/cli/load-trace.ts';
import { reportError } from '../src/cli/terminal.ts';
import { TransshipError } from '../src/error.ts';
import { openRun } from '../src/evidence/open-run.ts';
import { type Blame, blame } from '../src/trace/blame.ts';
import { criticalPath } from '../src/trace/critical-path.ts';
import { services } from '../src/trace/layer-spans.ts';
import { formatNs, nsToUs } from '../src/trace/time.ts';
import { unexplainedName } from '../src/trace/trace-leaves.ts';

interface Column {
  readonly run: string;
  readonly blamed: Blame;
}

function columnOf(run: string): Column {
  const trace = loadTrace(openRun(run));
  if (trace.downtime === null) {
    throw new TransshipError(
      'input',
      `${trace.run}: the run has no downtime to divide`,
      'an import has none: name a migration (transship runs)',
    );
  }
  return { run: trace.run, blamed: blame(trace, criticalPath(trace)) };
}

function tableOf(columns: readonly Column[]): string {
  const shareOf = ({ blamed: { layers, wholeNs } }: Column, name: string): string => {
    const ns = layers.find(({ layer }) => layer === name)?.sumNs ?? 0n;
    if (ns === 0n) return '-';
    return `${formatNs(ns)} (${((100 * nsToUs(ns)) / nsToUs(wholeNs)).toFixed(1)} %)`;
  };
  const isBlamed = (name: string) => columns.some(({ blamed }) => blamed.layers.some(({ layer }) => layer === name));
  const rows = [
    ['layer', ...columns.map(({ run }) => run)],
    ['---', ...columns.map(() => '---')],
    ...[...services, unexplainedName].filter(isBlamed).map((name) => [name, ...columns.map((column) => shareOf(column, name))]),
    ['traced downtime', ...columns.map(({ blamed }) => formatNs(blamed.wholeNs))],
  ];
  return rows.map((row) => `| ${row.join(' | ')} |`).join('\n');
}

try {
  const runs = process.argv.slice(2);
  if (runs.length === 0) throw new TransshipError('usage', 'no run was named', 'npm run -s downtime-by-layer -- sample-redis');
  process.stdout.write(`${tableOf(runs.map(columnOf))}\n`);
} catch (error) {
  process.exitCode = reportError(error);
}
