import { leastForInterval, mayBeChance, type OperationDifference } from '../trace/difference.ts';
import { formatNs, type Us, usToNs } from '../trace/time.ts';
import { downtimeName, isOnlooker } from '../trace/trace-leaves.ts';
import type { Side } from './diff-side.ts';
import { framelessTable } from './frameless-table.ts';
import { runTitle } from './run-title.ts';
import { escapeText } from './terminal.ts';

export interface DiffTextInput {
  readonly before: Side;
  readonly after: Side;
  readonly rows: readonly OperationDifference[];
  /** How many of the largest differences. */
  readonly most: number;
}

/** The whole first, then the parts by how much they differ, then what only one side has. */
export async function diffText({ before, after, rows, most }: DiffTextInput): Promise<string> {
  const isWhole = (row: OperationDifference) => row.name === 'migration' || isOnlooker(row);
  const whole = rows.filter(isWhole).sort((a, b) => wholeOrder(a) - wholeOrder(b) || (a.name < b.name ? -1 : 1));
  const parts = rows.filter((row) => !isWhole(row) && row.differenceUs !== null);
  const shown = [...whole, ...parts.slice(0, most)];
  const head = ['', 'before', 'after', 'difference', '', '95 %'];
  const table = await framelessTable(
    shown.map((row) => cells(row, { before, after })),
    head,
  );
  const rest = parts.length - most;
  return [
    titleOf('before', before),
    titleOf('after', after),
    '',
    table,
    ...(rest > 0 ? [`… ${rest} more, each by less: --top ${parts.length}`] : []),
    ...oneSided(
      'appeared',
      rows.filter((row) => row.before === null),
      most,
    ),
    ...oneSided(
      'went',
      rows.filter((row) => row.after === null),
      most,
    ),
    ...caution({ before, after, shown }),
  ].join('\n');
}

function wholeOrder({ name }: OperationDifference): number {
  return name === downtimeName ? 0 : name === 'migration' ? 2 : 1;
}

function titleOf(word: string, { name, manifests }: Side): string {
  const [only] = manifests;
  const strategies = [...new Set(manifests.map(({ strategy }) => strategy ?? 'import'))].join(', ');
  const text =
    manifests.length === 1 && only !== undefined
      ? firstLine(runTitle(only))
      : `${escapeText(name)}: ${manifests.length} runs, ${strategies}`;
  return `${word.padEnd(10)} ${text}`;
}

function firstLine(text: string): string {
  return text.split('\n')[0] ?? '';
}

type Sides = Pick<DiffTextInput, 'before' | 'after'>;

function cells(row: OperationDifference, { before, after }: Sides): readonly string[] {
  const { name, differenceUs, interval } = row;
  const share = differenceUs === null || !row.before?.medianUs ? '' : `${signed((100 * differenceUs) / row.before.medianUs)} %`;
  const range =
    interval === null ? '' : `${signedTime(interval.low)} … ${signedTime(interval.high)}${mayBeChance(row) ? ' ~' : ''}`;
  return [
    escapeText(name),
    sideText(row.before, before),
    sideText(row.after, after),
    differenceUs === null ? '' : signedTime(differenceUs),
    share,
    range,
  ];
}

/** How many runs have it is said where not all have. */
function sideText(times: OperationDifference['before'], side: Side): string {
  if (times === null) return '-';
  const inSome = times.runs === side.times.length ? '' : ` (${times.runs} of ${side.times.length})`;
  return `${timeText(times.medianUs)}${inSome}`;
}

function oneSided(word: string, rows: readonly OperationDifference[], most: number): readonly string[] {
  if (rows.length === 0) return [];
  const lines = rows
    .slice(0, most)
    .map((row) => `${timeText((row.before ?? row.after)?.medianUs ?? 0).padStart(8)}  ${escapeText(row.name)}`);
  const rest = rows.length > most ? [`${''.padStart(8)}  … ${rows.length - most} more`] : [];
  return ['', ...[...lines, ...rest].map((line, index) => `${(index === 0 ? word : '').padEnd(10)} ${line}`)];
}

/** What the figures do not say. */
function caution({ before, after, shown }: Sides & { readonly shown: readonly OperationDifference[] }): readonly string[] {
  const fewest = Math.min(before.times.length, after.times.length);
  if (fewest < leastForInterval) {
    const count = fewest === 1 ? 'one run' : `${fewest} runs`;
    return [
      '',
      `No interval: ${count} on a side, and ${leastForInterval} are needed. A difference may be chance; name two folders of runs.`,
    ];
  }
  return shown.some(mayBeChance) ? ['', '~ the interval holds zero: the difference may be chance'] : [];
}

function timeText(us: Us): string {
  return formatNs(usToNs(us));
}

function signedTime(us: Us): string {
  return us > 0 ? `+${timeText(us)}` : timeText(us);
}

function signed(value: number): string {
  return `${value > 0 ? '+' : ''}${value.toFixed(1)}`;
}
