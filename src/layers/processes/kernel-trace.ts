/**
 * The kernel's own account of programs, as its tracing prints it: https://docs.kernel.org/trace/ftrace.html ("The File System", "trace"),
 * events of include/trace/events/sched.h and task.h. The clock is CLOCK_MONOTONIC.
 */
import type { Ns } from '../../trace/time.ts';

export type KernelEvent = { readonly atNs: Ns; readonly task: number; readonly comm: string } & (
  | { readonly kind: 'new'; readonly child: number; readonly isThread: boolean }
  | { readonly kind: 'exec'; readonly path: string; readonly pid: number; readonly oldPid: number }
  /** `isLast`: no thread of the process is left; null on kernels that do not say. */
  | { readonly kind: 'exit'; readonly pid: number; readonly isLast: boolean | null }
);

export interface KernelTrace {
  /** By the wall clock of the host. */
  readonly events: readonly KernelEvent[];
  /** How far all of them may be off together. */
  readonly boundNs: Ns;
  /** Events that the kernel had no room for: the oldest. */
  readonly lost: number;
}

const line = /^\s*(.*)-(\d+)\s+\[\d+\]\s+\S+\s+(\d+)\.(\d{6}): (\w+): (.*)$/;
/** include/uapi/linux/sched.h */
const cloneThread = 0x10000;
/** A printed time is cut to the microsecond. */
const tickNs = 1_000n;

/** Wall clock minus the kernel's: within `[low, high]` at `atNs` (the kernel's). */
interface Reading {
  readonly atNs: Ns;
  readonly low: Ns;
  readonly high: Ns;
}

/** @returns null without marks that tell the clock: nothing can be dated then. A line cut short is left out. */
export function parseKernelTrace(text: string): KernelTrace | null {
  const events: KernelEvent[] = [];
  const readings: Reading[] = [];
  let opened: { readonly atNs: Ns; readonly wallNs: Ns } | null = null;
  for (const [, comm = '', task = '', s = '', us = '', name = '', rest = ''] of linesOf(text)) {
    const atNs = BigInt(s) * 1_000_000_000n + BigInt(us) * 1_000n;
    if (name === 'tracing_mark_write') {
      const [, word, wallS = '', wallUs = ''] = /^(clock|was) (\d+)\.(\d{6})/.exec(rest) ?? [];
      const wallNs = BigInt(wallS || 0) * 1_000_000_000n + BigInt(wallUs || 0) * 1_000n;
      if (word === 'was' && opened !== null)
        readings.push({ atNs: opened.atNs, low: opened.wallNs - opened.atNs - tickNs, high: wallNs - opened.atNs + tickNs });
      opened = word === 'clock' ? { atNs, wallNs } : null;
    } else {
      const event = eventOf(name, rest, { atNs, task: Number(task), comm });
      if (event !== null) events.push(event);
    }
  }
  const [, kept, written] = /^# entries-in-buffer\/entries-written: (\d+)\/(\d+)/m.exec(text) ?? [];
  const trace = dated(events, readings);
  return trace && { ...trace, lost: Number(written ?? 0) - Number(kept ?? 0) };
}

function linesOf(text: string): readonly RegExpExecArray[] {
  return text
    .split('\n')
    .map((raw) => line.exec(raw))
    .filter((match) => match !== null);
}

function eventOf(
  name: string,
  rest: string,
  head: { readonly atNs: Ns; readonly task: number; readonly comm: string },
): KernelEvent | null {
  const number = (key: string) => Number(new RegExp(`\\b${key}=(-?\\d+)`).exec(rest)?.[1] ?? Number.NaN);
  if (name === 'task_newtask') {
    const flags = Number.parseInt(/\bclone_flags=([0-9a-f]+)/.exec(rest)?.[1] ?? '0', 16);
    return { ...head, kind: 'new', child: number('pid'), isThread: (flags & cloneThread) !== 0 };
  }
  if (name === 'sched_process_exec') {
    const path = /^filename=(.*) pid=\d+ old_pid=\d+$/.exec(rest)?.[1];
    return path === undefined ? null : { ...head, kind: 'exec', path, pid: number('pid'), oldPid: number('old_pid') };
  }
  if (name !== 'sched_process_exit') return null;
  const isLast = /\bgroup_dead=(true|false)/.exec(rest)?.[1];
  // the name stands before the number, and may hold anything
  const pid = Number(/ pid=(\d+) prio=/.exec(rest)?.[1] ?? Number.NaN);
  return { ...head, kind: 'exit', pid, isLast: isLast === undefined ? null : isLast === 'true' };
}

/** The narrowest reading at the beginning and at the end; between them the one clock goes in a straight line to the other. */
function dated(events: readonly KernelEvent[], readings: readonly Reading[]): Omit<KernelTrace, 'lost'> | null {
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
    events: events.map((event) => ({ ...event, atNs: event.atNs + offsetAt(event.atNs) })),
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
