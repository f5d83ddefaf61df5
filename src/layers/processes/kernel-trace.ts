/** The kernel's own account of programs: events of include/trace/events/sched.h and task.h. */
import { type KernelLine, readKernelText } from '../../trace/kernel-text.ts';
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

/** include/uapi/linux/sched.h */
const cloneThread = 0x10000;

/** @returns null without marks that tell the clock: nothing can be dated then. A line cut short is left out. */
export function parseKernelTrace(text: string): KernelTrace | null {
  const read = readKernelText(text);
  return read && { events: read.lines.flatMap((each) => eventOf(each) ?? []), boundNs: read.boundNs, lost: read.lost };
}

function eventOf({ atNs, task, comm, event, rest }: KernelLine): KernelEvent | null {
  const head = { atNs, task, comm };
  const number = (key: string) => Number(new RegExp(`\\b${key}=(-?\\d+)`).exec(rest)?.[1] ?? Number.NaN);
  if (event === 'task_newtask') {
    const flags = Number.parseInt(/\bclone_flags=([0-9a-f]+)/.exec(rest)?.[1] ?? '0', 16);
    return { ...head, kind: 'new', child: number('pid'), isThread: (flags & cloneThread) !== 0 };
  }
  if (event === 'sched_process_exec') {
    const path = /^filename=(.*) pid=\d+ old_pid=\d+$/.exec(rest)?.[1];
    return path === undefined ? null : { ...head, kind: 'exec', path, pid: number('pid'), oldPid: number('old_pid') };
  }
  if (event !== 'sched_process_exit') return null;
  const isLast = /\bgroup_dead=(true|false)/.exec(rest)?.[1];
  // the name stands before the number, and may hold anything
  const pid = Number(/ pid=(\d+) prio=/.exec(rest)?.[1] ?? Number.NaN);
  return { ...head, kind: 'exit', pid, isLast: isLast === undefined ? null : isLast === 'true' };
}
