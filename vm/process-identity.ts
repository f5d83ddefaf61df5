import { readdirSync, readFileSync } from 'node:fs';

/** Start time of a process, in clock ticks since boot (proc_pid_stat(5), field 22); null when there is no such process. */
export function startTime(pid: number): string | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' '); // from field 3: the name before it may hold blanks
    return fields[0] === 'Z' ? null : (fields[19] ?? null);
  } catch {
    return null;
  }
}

/**
 * How long a process was ready to run and not run, in milliseconds, by its thread that waited most (/proc/PID/task/TID/schedstat, second
 * number); 0 where the kernel does not say.
 */
export function waitedMs(pid: number): number {
  try {
    const waits = readdirSync(`/proc/${pid}/task`).map((thread) => {
      const [, waitedNs = '0'] = readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'utf8').split(' ');
      return Number(waitedNs) / 1e6;
    });
    return Math.max(0, ...waits);
  } catch {
    return 0;
  }
}

/** Whether it is that very process that still runs, not another one with its number. */
export function isAlive(pid: number, start: string): boolean {
  return startTime(pid) === start;
}
