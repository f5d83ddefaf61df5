import type { Blame } from '../trace/blame.ts';
import type { Saving } from '../trace/savings.ts';
import type { Trace } from '../trace/span.ts';
import { formatNs, type Ns } from '../trace/time.ts';
import { framelessTable } from './frameless-table.ts';
import { shareText } from './span-place.ts';

interface BlameTextInput {
  readonly trace: Trace;
  readonly blamed: Blame;
  readonly saved: readonly Saving[];
  /** How many operations. */
  readonly top: number;
}

/** By layer and phase, by operation, and what would shorten it. */
export async function blameText({ trace, blamed, saved, top }: BlameTextInput): Promise<string> {
  const of = trace.downtime === null ? 'the logs' : 'the downtime';
  return [
    `who had ${of}, ${formatNs(blamed.wholeNs)}: each moment once, on the critical path`,
    '',
    await layerTable(blamed),
    '',
    await operationTable(blamed, top),
    '',
    ...savingLines(saved, of),
  ].join('\n');
}

/** An import has no phases of a run: then there is one column. */
async function layerTable({ layers, phases: all, wholeNs }: Blame): Promise<string> {
  const phases = all.length > 1 ? all : [];
  const rows = layers.map(({ layer, byPhase, sumNs }) => [
    layer,
    ...phases.map((phase) => cell(byPhase.get(phase))),
    cell(sumNs),
    shareText(sumNs, wholeNs),
  ]);
  const sums = phases.map((phase) => cell(layers.reduce((sum, { byPhase }) => sum + (byPhase.get(phase) ?? 0n), 0n)));
  const head = ['layer', ...[...phases, 'all'].map((phase) => phase.padStart(8)), ' share'];
  return framelessTable([...rows, ['all', ...sums, cell(wholeNs), shareText(wholeNs, wholeNs)]], head);
}

async function operationTable({ operations, wholeNs }: Blame, top: number): Promise<string> {
  const shown = operations.slice(0, top);
  const rest = operations.slice(top);
  const rows = shown.map(({ name, layer, sumNs }) => [name, name === layer ? '' : layer, cell(sumNs), shareText(sumNs, wholeNs)]);
  const restNs = rest.reduce((sum, { sumNs }) => sum + sumNs, 0n);
  const more =
    rest.length === 0
      ? []
      : [[`… ${rest.length} more: --top ${operations.length}`, '', cell(restNs), shareText(restNs, wholeNs)]];
  return framelessTable([...rows, ...more], ['operation', 'layer', '     all', ' share']);
}

function cell(ns: Ns | undefined): string {
  return (ns === undefined ? '-' : formatNs(ns)).padStart(8);
}

/** What was found stands below what to do, and why that is so below it. */
function savingLines(saved: readonly Saving[], of: string): readonly string[] {
  if (saved.length === 0) return [`what would shorten it: no rule of src/trace/saving-rules.ts finds a millisecond in ${of}`];
  return [
    'what would shorten it, and by how much at most; each by itself',
    ...saved.flatMap(({ rule, savingNs, found }) => [
      '',
      ...filled(`${rule.name}: ${rule.advice}`, formatNs(savingNs).padStart(8)),
      ...filled(found.map(({ name, ns }) => `${name} ${formatNs(ns)}`).join(', ')),
      ...filled(rule.source),
    ]),
  ];
}

const indent = 10;

/** Lines that keep to the terminal; a word that is longer stays whole. */
function filled(text: string, title = '', columns = process.stdout.columns || 100): readonly string[] {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= columns - indent) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines.map((line, index) => `${(index === 0 ? title : '').padEnd(indent)}${line}`);
}
