import type { Ns } from '../../trace/time.ts';
import type { KernelEvent } from './kernel-trace.ts';

/** A process that became a program while it was watched. */
export interface Process {
  /** As the whole machine counts. */
  readonly pid: number;
  /** The nearest ancestor that is in the table, too. */
  readonly parent: Process | null;
  /** What the one that made it was called, where that one was there before the watch. */
  readonly starter: string;
  readonly startNs: Ns;
  readonly execs: readonly { readonly atNs: Ns; readonly path: string }[];
  /** Null: it lived on. */
  readonly endNs: Ns | null;
}

interface Growing {
  pid: number;
  by: Growing | null;
  starter: string;
  startNs: Ns;
  execs: { atNs: Ns; path: string }[];
  endNs: Ns | null;
}

/** Who started whom, by the order of events; a number that the kernel gives anew is another process. */
export function processTable(events: readonly KernelEvent[]): readonly Process[] {
  const all: Growing[] = [];
  const byTask = new Map<number, Growing>();
  for (const event of events) {
    if (event.kind === 'new') {
      const by = byTask.get(event.task) ?? null;
      if (event.isThread) {
        if (by !== null) byTask.set(event.child, by);
        else byTask.delete(event.child);
      } else {
        const made = { pid: event.child, by, starter: event.comm, startNs: event.atNs, execs: [], endNs: null };
        all.push(made);
        byTask.set(event.child, made);
      }
    } else if (event.kind === 'exec') {
      // a thread that becomes a program gets the process's number
      const process = byTask.get(event.oldPid) ?? byTask.get(event.pid);
      process?.execs.push({ atNs: event.atNs, path: event.path });
    } else {
      const process = byTask.get(event.pid);
      if (process !== undefined && (event.isLast ?? event.pid === process.pid)) process.endNs = event.atNs;
    }
  }
  return withParents(all.sort((a, b) => (a.startNs < b.startNs ? -1 : a.startNs > b.startNs ? 1 : 0)));
}

/** Ancestors come first in time, so that each finds its parent made. A fork that became no program is passed over. */
function withParents(all: readonly Growing[]): readonly Process[] {
  const made = new Map<Growing, Process>();
  return all.flatMap((one) => {
    if (one.execs.length === 0) return [];
    let up = one.by;
    let { starter } = one;
    while (up !== null && up.execs.length === 0) ({ starter, by: up } = up);
    const { pid, startNs, execs, endNs } = one;
    const process: Process = { pid, parent: up === null ? null : (made.get(up) ?? null), starter, startNs, execs, endNs };
    made.set(one, process);
    return process;
  });
}
