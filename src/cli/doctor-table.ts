import { styleText } from 'node:util';
import type { CheckResult } from '../hosts/check.ts';
import { framelessTable } from './frameless-table.ts';
import { escapeText } from './terminal.ts';

const colours = { ok: 'green', warn: 'yellow', fail: 'red' } as const;

/**
 * A line a check, a column a host; below it, where something is not as it should be, why that matters and what to do.
 *
 *     CHECK      a              b
 *     criu       ok CRIU 4.2.1  fail no criu in PATH
 *       b: it freezes, dumps and restores the processes
 *       hint: install it …
 */
export async function doctorText(hosts: readonly string[], checks: readonly CheckResult[]): Promise<string> {
  const own = checks.filter(({ peer }) => peer === undefined);
  const both = checks.filter(({ peer }) => peer !== undefined);
  const rows = [...new Set(own.map(({ name }) => name))].map((name) => own.filter((check) => check.name === name));
  const cells = rows.map((row) => [
    row[0]?.name ?? '',
    ...hosts.map((host) => cellOf(row.filter((check) => check.host === host))),
  ]);
  const parts = [withAdvice(await framelessTable(cells, ['CHECK', ...hosts.map(escapeText)]), rows)];
  if (both.length > 0) {
    const pairs = both.map((check) => [
      check.name,
      `${escapeText(check.host)} to ${escapeText(check.peer ?? '')}`,
      cellOf([check]),
    ]);
    parts.push(
      withAdvice(
        await framelessTable(pairs, ['CHECK', 'BETWEEN', 'FOUND']),
        both.map((check) => [check]),
      ),
    );
  }
  return [...parts, verdict(checks)].join('\n\n');
}

/** A host may have several findings of one name: ports, volumes. */
function cellOf(checks: readonly CheckResult[]): string {
  if (checks.length === 0) return '-';
  return checks
    .map(({ status, found }) => `${styleText(colours[status], status, { stream: process.stdout })} ${escapeText(found)}`)
    .join('; ');
}

/** The table has one line of heads and then one a row: no cell has a line end in it. */
function withAdvice(table: string, rows: readonly (readonly CheckResult[])[]): string {
  const [head = '', ...lines] = table.split('\n');
  return [head, ...lines.flatMap((line, index) => [line, ...adviceOf(rows[index] ?? [])])].join('\n');
}

/** What is the same for several hosts is said once. */
function adviceOf(checks: readonly CheckResult[]): readonly string[] {
  const bad = checks.filter(({ status }) => status !== 'ok');
  return [...new Set(bad.map(({ hint }) => hint))].flatMap((hint) => {
    const same = bad.filter((check) => check.hint === hint);
    const hosts = [...new Set(same.map(({ host }) => escapeText(host)))].join(', ');
    return [`  ${hosts}: ${same[0]?.why ?? ''}`, `  hint: ${escapeText(hint)}`];
  });
}

function verdict(checks: readonly CheckResult[]): string {
  const count = (status: CheckResult['status']) => checks.filter((check) => check.status === status).length;
  const [failed, warned] = [count('fail'), count('warn')];
  if (failed > 0) return `not ready: ${failed} of ${checks.length} checks failed${warned > 0 ? `, ${warned} warn` : ''}`;
  return warned > 0 ? `ready, with ${warned} warning${warned === 1 ? '' : 's'}` : 'ready';
}
