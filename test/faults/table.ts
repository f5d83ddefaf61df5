import { medianOf } from '../../src/trace/median-interval.ts';
import type { Cell } from './faults.ts';
import type { Verdict } from './judge.ts';
import { stepAt } from './moments.ts';

const columns = [
  'strategy',
  'step',
  'fault',
  'outcome',
  'live on',
  'freeze, ms',
  'known → goes on, ms',
  'left, and told',
] as const;

/** What a roll-back may take until the container goes on. */
const mostGoingOnMs = 50;

/** By which a cell is named. */
export function wordsOf({ strategy, moment, fault }: Cell): string {
  const step = stepAt(moment, strategy);
  return `${strategy} ${step === '' ? 'before' : step === 'hand-over' && moment === 'restore' ? 'hand-over, restoring' : step} ${fault}`;
}

/** What a run prints while it goes on. */
export function lineOf({ cell, how, outcomes, liveOn, freezeMs, wrong }: Verdict): string {
  const end = `${outcomes.join(', then ')}, live on ${liveOn.join(' and ') || 'neither'}, ${freezeMs ?? '-'} ms`;
  return `${wrong.length === 0 ? 'ok   ' : 'WRONG'} ${wordsOf(cell)}${inBrackets(how)}: ${end}${wrong.map((words) => `\n      ${words}`).join('')}`;
}

/** Of a table in Markdown. */
export const heading = [columns, columns.map(() => '---')].map(row).join('');

export function rowOf({ cell, how, outcomes, liveOn, freezeMs, goingOnMs, left, wrong }: Verdict): string {
  return row([
    cell.strategy,
    wordsOf(cell).slice(cell.strategy.length + 1, -cell.fault.length - 1),
    `${cell.fault}${inBrackets(how)}`,
    `${outcomes.join(', then ')}${wrong.length === 0 ? '' : ` **WRONG: ${wrong.join('; ')}**`}`,
    liveOn.join(' and ') || 'neither',
    freezeMs === null ? '' : String(freezeMs),
    goingOnMs === null ? '' : String(goingOnMs),
    left.join('; '),
  ]);
}

/** From a failure being known until the container goes on, of all rows that were rolled back with the container standing still. */
export function goingOnLine(verdicts: readonly Verdict[]): string {
  const ms = verdicts.flatMap(({ goingOnMs }) => goingOnMs ?? []);
  if (ms.length === 0) return 'known → goes on: no row was rolled back with the container standing still';
  const over = ms.filter((each) => each > mostGoingOnMs).length;
  const of = `median ${medianOf(ms)} ms, largest ${Math.max(...ms)} ms`;
  return `known → goes on: ${of}; ${ms.length - over} of ${ms.length} rows within ${mostGoingOnMs} ms`;
}

function inBrackets(how: string): string {
  return how === '' ? '' : ` (${how})`;
}

function row(values: readonly string[]): string {
  return `| ${values.join(' | ')} |\n`;
}
