/**
 * What the kernel's tracing prints: https://docs.kernel.org/trace/ftrace.html ("The File System", "trace"; the column TGID with the option
 * `record-tgid`). The clock is CLOCK_MONOTONIC, and told by marks among the events (src/wrap/host/tracefs.sh).
 */
import type { Ns } from './time.ts';

export interface KernelLine {
  /** By the wall clock of the host. */
  readonly atNs: Ns;
  /** The thread by its number, and by its name. */
  readonly task: number;
  readonly comm: string;
  /** The process it is of; null where the kernel was not asked, or has forgotten. */
  readonly process: number | null;
  readonly event: string;
  readonly rest: string;
}

export interface KernelText {
  readonly lines: readonly KernelLine[];
  /** How far all of them may be off together. */
  readonly boundNs: Ns;
  /** Events that the kernel had no room for: the oldest. */
  readonly lost: number;
}

const line = /^\s*(.*)-(\d+)\s+(?:\(\s*(\d+|-+)\)\s+)?\[\d+\]\s+\S+\s+(\d+)\.(\d{6}): (\w+): (.*)$/;
/** A printed time is cut to the microsecond. */
const tickNs = 1_000n;

/** Wall clock minus the kernel's: within `[low, high]` at `atNs` (the kernel's). */
interface Reading {
  readonly atNs: Ns;
  readonly low: Ns;
  readonly high: Ns;
}

/** @returns null without marks that tell the clock: nothing can be dated then. A line cut short is left out. */
export function readKernelText(text: string): KernelText | null {
  const lines: KernelLine[] = [];
  const readings: Reading[] = [];
  let opened: { readonly atNs: Ns; readonly wallNs: Ns } | null = null;
  for (const raw of text.split('\n')) {
    const match = line.exec(raw);
    if (match === null) continue;
    const [, comm = '', task = '', process = '', s = '', us = '', event = '', rest = ''] = match;
    const atNs = BigInt(s) * 1_000_000_000n + BigInt(us) * 1_000n;
    if (event === 'tracing_mark_write') {
      const [, word, wallS = '', wallUs = ''] = /^(clock|was) (\d+)\.(\d{6})/.exec(rest) ?? [];
      const wallNs = BigInt(wallS || 0) * 1_000_000_000n + BigInt(wallUs || 0) * 1_000n;
      if (word === 'was' && opened !== null)
        readings.push({ atNs: opened.atNs, low: opened.wallNs - opened.atNs - tickNs, high: wallNs - opened.atNs + tickNs });
      opened = word === 'clock' ? { atNs, wallNs } : null;
    } else lines.push({ atNs, task: Number(task), comm, process: /^\d/.test(process) ? Number(process) : null, event, rest });
  }
  const [, kept, written] = /^# entries-in-buffer\/entries-written: (\d+)\/(\d+)/m.exec(text) ?? [];
  const whole = dated(lines, readings);
  return whole && { ...whole, lost: Number(written ?? 0) - Number(kept ?? 0) };
}

/** The narrowest reading at the beginning and at the end; between them the one clock goes in a straight line to the other. */
function dated(lines: readonly KernelLine[], readings: readonly Reading[]): Omit<KernelText, 'lost'> | null {
  const [first] = readings;
  if (first === undefined) return null;
  const isEarly = ({ atNs }: Reading) => atNs - first.atNs < 100_000_000n;
  const begin = narrowest(readings.filter(isEarly));
  const end = narrowest(readings.filter((reading) => !isEarly(reading))) ?? begin;
  if (begin === null || end === null) return null;
  const [from, to] = [middle(begin), middle(end)];
  const spanNs = end.atNs - begin.atNs;
  const offsetAt = (atNs: Ns) => (spanNs === 0n ? from : from + ((to - from) * (atNs - begin.atNs)) / spanNs);
  const halves = [begin, end].map((reading) => (reading.high - reading.low) / 2n);
  return {
    lines: lines.map((each) => ({ ...each, atNs: each.atNs + offsetAt(each.atNs) })),
    boundNs: halves.reduce((most, half) => (half > most ? half : most), 0n),
  };
}

function narrowest(readings: readonly Reading[]): Reading | null {
  let best: Reading | null = null;
  for (const one of readings) if (best === null || one.high - one.low < best.high - best.low) best = one;
  return best;
}

function middle({ low, high }: Reading): Ns {
  return (low + high) / 2n;
}
