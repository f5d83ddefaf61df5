import { styleText } from 'node:util';
import type { Report, StepEvent } from '../migrate/step.ts';
import { formatNs, usToNs } from '../trace/time.ts';
import type { Interrupt } from './interrupt.ts';
import { escapeText, type Terminal } from './terminal.ts';

/** Steps as they happen, on stderr: a line for each that has ended; what is under way only where a terminal can take it back. */
export function stepReport(terminal: Terminal, { noReturn }: Pick<Interrupt, 'noReturn'>): Report {
  const isLive = process.stderr.isTTY === true;
  const transient = (text: string) => {
    if (isLive) process.stderr.write(`\r\u001b[K${text}`);
  };
  return {
    noReturn,
    progress: (line) => transient(`  … ${escapeText(line)}`),
    step: (event) => {
      if (event.state === 'begin') return transient(`  … ${event.step}`);
      transient('');
      terminal.say(stepLine(event));
    },
  };
}

const marks = { end: ['green', '✔'], failed: ['red', '✘'], undone: ['yellow', '↩'], 'undo-failed': ['red', '✘'] } as const;

function stepLine({ step, host, state, durationMs, detail }: StepEvent): string {
  const [colour, mark] = marks[state as keyof typeof marks];
  const took = durationMs === null ? '' : formatNs(usToNs(durationMs * 1e3));
  const words = `${state === 'undone' || state === 'undo-failed' ? 'undo ' : ''}${step}`;
  const where = (host ?? '⇄').padEnd(4);
  return `${styleText(colour, mark, { stream: process.stderr })} ${words.padEnd(24)} ${where} ${took.padStart(8)}  ${escapeText(detailText(detail))}`.trimEnd();
}

function detailText(detail: StepEvent['detail']): string {
  return Object.entries(detail)
    .filter(([, value]) => value !== '' && value !== 0 && value !== null)
    .map(([key, value]) => wordsOf(key, value))
    .join(', ');
}

function wordsOf(key: string, value: string | number | boolean | null): string {
  if (key === 'bytes') return megabytes(Number(value));
  if (key === 'error') return String(value);
  // what cannot be equal is a list of sentences: --dry-run and the journal have them whole
  if (key === 'unequal') return `${String(value).split('; ').length} things cannot be equal (--dry-run lists them)`;
  return `${key} ${shortened(value)}`;
}

function shortened(value: string | number | boolean | null): string {
  return typeof value === 'string' && /^[0-9a-f]{64}$/.test(value) ? value.slice(0, 12) : String(value);
}

function megabytes(bytes: number): string {
  return bytes < 1e6 ? `${(bytes / 1e3).toFixed(1)} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
}
