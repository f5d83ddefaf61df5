import { styleText } from 'node:util';
import type { Interval } from '../trace/intervals.ts';
import type { Service } from '../trace/layer-spans.ts';
import type { Trace } from '../trace/span.ts';
import { formatNs, type Ns } from '../trace/time.ts';
import { escapeText } from './terminal.ts';
import { lengthText, type TreeRow, treeRows } from './tree-rows.ts';

export interface TreeOptions {
  /** Width to keep to; the terminal's unless told, and 100 where there is none. */
  readonly columns?: number;
  /** Every span, none folded. */
  readonly isAll?: boolean;
}

type Style = Parameters<typeof styleText>[0];

const styles: Readonly<Record<Service, Style>> = {
  transship: 'blue',
  dockerd: 'cyan',
  containerd: 'magenta',
  'containerd-shim': 'magenta',
  runc: 'yellow',
  criu: 'green',
  'criu-page-server': 'green',
  'criu-lazy-pages': 'green',
};

/** One mark a kind, so that the picture is read without colours too. */
const marks: Readonly<Record<TreeRow['kind'], string>> = { work: '█', frame: '─', unexplained: '░', downtime: '▒', rest: '█' };
const legend = '█ work, named   ─ holds others, or waits   ▒ downtime   ░ unexplained   ✘ failed';

/** What is shorter than this part of the whole is folded. */
const foldBelow = 250n;
/** Names give way to bars down to this width. */
const leastBar = 28;
const mostBar = 60;
const timeWidth = 9;

/** The trace as a tree with bars on one axis of time: which layer, what, since when, how long. */
export function renderTree(trace: Trace, { columns = process.stdout.columns || 100, isAll = false }: TreeOptions = {}): string {
  const whole = extentOf(trace);
  if (whole === null) return 'no spans: the run left no evidence that can be placed in time';
  const rows = treeRows(trace, { isAll, leastNs: (whole.endNs - whole.startNs) / foldBelow });
  const layers = rows.map((row) => escapeText(row.layer));
  const layerWidth = longest(layers, 'layer'.length);
  const labels = rows.map((row) => `${'  '.repeat(row.depth)}${row.isFailed ? '✘ ' : ''}${escapeText(row.label)}`);
  const widest = longest(labels, 0);
  const rest = columns - layerWidth - 2 * timeWidth - 5;
  const labelWidth = Math.max(20, Math.min(widest, rest - leastBar));
  const barWidth = Math.max(10, Math.min(mostBar, rest - labelWidth));
  const lines = rows.map((row, index) => {
    const label = cut(labels[index] as string, labelWidth);
    const times = `${lengthText(row.durationNs).padStart(timeWidth)} ${offset(row.startNs - whole.startNs).padStart(timeWidth)}`;
    const bar = barOf(row, whole, barWidth);
    return `${paint(row, label)} ${(layers[index] as string).padEnd(layerWidth)} ${times}  ${paint(row, bar)}`.trimEnd();
  });
  const axis = `${'0'.padEnd(barWidth - formatNs(whole.endNs - whole.startNs).length)}${formatNs(whole.endNs - whole.startNs)}`;
  const head = `${' '.repeat(labelWidth)} ${'layer'.padEnd(layerWidth)} ${'took'.padStart(timeWidth)} ${'at'.padStart(timeWidth)}  ${axis}`;
  return [dim(head), ...lines, dim(legend)].join('\n');
}

/** A loop, as a call can't take as many arguments as a large trace has rows. */
function longest(texts: readonly string[], least: number): number {
  return texts.reduce((most, text) => Math.max(most, text.length), least);
}

function extentOf({ spans }: Trace): Interval | null {
  const [first] = spans;
  if (first === undefined) return null;
  let { startNs } = first;
  let endNs = startNs;
  for (const span of spans) {
    if (span.startNs < startNs) startNs = span.startNs;
    if (span.startNs + span.durationNs > endNs) endNs = span.startNs + span.durationNs;
  }
  return { startNs, endNs };
}

function offset(ns: Ns): string {
  return ns === 0n ? '0' : `+${formatNs(ns)}`;
}

/** Cut in the middle: the end of a name tells more than its middle. */
function cut(text: string, width: number): string {
  if (text.length <= width) return text.padEnd(width);
  const tail = Math.floor(width / 3);
  return `${text.slice(0, width - tail - 1)}…${text.slice(-tail)}`;
}

/** A column is marked when the row is in it for any time; so nothing is too short to be seen. */
function barOf(row: TreeRow, whole: Interval, width: number): string {
  const cells = new Array<string>(width).fill(' ');
  const lengthNs = whole.endNs - whole.startNs;
  const column = (ns: Ns) => (lengthNs === 0n ? 0 : Number(((ns - whole.startNs) * BigInt(width) * 1000n) / lengthNs) / 1000);
  const parts = row.parts.length > 0 ? row.parts : [{ startNs: row.startNs, endNs: row.startNs }];
  for (const { startNs, endNs } of parts) {
    const from = Math.min(width - 1, Math.floor(column(startNs)));
    const to = Math.max(from + 1, Math.min(width, Math.round(column(endNs))));
    const isSliver = column(endNs) - column(startNs) < 0.5;
    cells.fill(isSliver && marks[row.kind] === '█' ? '▏' : marks[row.kind], from, to);
  }
  return cells.join('');
}

function paint(row: TreeRow, text: string): string {
  if (row.isFailed) return styleText('bold', styleText('red', text));
  if (row.kind === 'unexplained') return styleText('red', text);
  if (row.kind === 'downtime') return styleText('bold', styleText('yellow', text));
  return row.service === null ? dim(text) : styleText(styles[row.service], text);
}

function dim(text: string): string {
  return styleText('dim', text);
}
