import { kernels } from '../../vm/versions.ts';
import { type CellResult, isAsKnown, type UnplayedCell } from '../matrix/cells.ts';
import { framelessTable } from './frameless-table.ts';
import { escapeText } from './terminal.ts';

type Result = CellResult | UnplayedCell;

interface Printed {
  readonly format: 'text' | 'markdown' | 'json';
  /** The test that was played; empty: the matrix's own. */
  readonly words: readonly string[];
}

/** The whole matrix as it goes to standard output. */
export async function matrixText(results: readonly Result[], { format, words }: Printed): Promise<string> {
  if (format === 'json') return `${JSON.stringify({ schema: 'transship.matrix/1', test: words, cells: results }, null, 2)}\n`;
  const rows = results.map((result) => rowOf(result, words.length === 0));
  const reasons = results.flatMap(reasonsOf).map(escapeText);
  if (format === 'markdown') return [...markdownTable(rows), '', ...reasons.map((line) => `- ${line}`), ''].join('\n');
  return `${await framelessTable(rows, head)}\n${reasons.map((line) => `\n${line}`).join('')}\n`;
}

/** As a cell is through. */
export function resultLine(result: Result): string {
  const [kernel, packages, , , outcome, , took] = rowOf(result, false);
  return `${kernel} ${packages}: ${outcome}${took === '-' ? '' : ` after ${took}`}`;
}

const head = ['kernel', 'packages', 'criu', 'docker', 'result', 'failing', 'took', 'run'];

function rowOf(result: Result, isOwnTest: boolean): readonly string[] {
  if ('why' in result) return [kernels[result.kernel].series, result.packages, '-', '-', 'not played', '-', '-', '-'];
  const { kernel, packages, versions, phases, failures, run } = result;
  const differs = isOwnTest && isAsKnown(result) === false ? ' (new)' : '';
  const tookMs = phases.reduce((sum, { durationMs }) => sum + durationMs, 0);
  return [
    versions?.kernel.replace(/-cloud-amd64$/, '') ?? kernels[kernel].series,
    ...[packages, versions?.criu ?? '-', versions?.docker ?? '-'],
    `${failures.length === 0 ? 'works' : 'fails'}${differs}`,
    failures.map(({ phase }) => phase).join(' ') || '-',
    ...[`${Math.round(tookMs / 1e3)} s`, run ?? '-'],
  ];
}

/** A line each failing phase, and one that is not played. */
function reasonsOf(result: Result): readonly string[] {
  const cell = `${kernels[result.kernel].series} ${result.packages}`;
  if ('why' in result) return [`${cell}, not played: ${result.why.replaceAll('\n', '; ')}`];
  return result.failures.map(({ phase, message, cause, hint }) => {
    const known = [cause, hint].filter((text) => text !== null).join('; ');
    return `${cell}, ${phase}: ${message.replaceAll('\n', '; ')}${known === '' ? '' : ` (${known})`}`;
  });
}

function markdownTable(rows: readonly (readonly string[])[]): readonly string[] {
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => escapeText(cell).replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)];
}
