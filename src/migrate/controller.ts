import { readFileSync } from 'node:fs';
import type { MovePlan } from '../evidence/move-plan.ts';

export type Controller = MovePlan['controller'];

/** Who drives a move: so that nobody takes it over while its own controller lives. */
export function thisController(): Controller {
  return { pid: process.pid, start: startOf(process.pid), boot: boot() };
}

/** A later process of the same number is another one, and so is any after a reboot. Where that is not known, the number decides. */
export function isAlive({ pid, start, boot: bootThen }: Controller): boolean {
  if (bootThen !== boot()) return false;
  if (start !== null) return startOf(pid) === start;
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** Field 22 of /proc/PID/stat (proc(5)): clock ticks since boot. Null: no such process (a zombie is none), or no /proc. */
function startOf(pid: number): string | null {
  const text = read(`/proc/${pid}/stat`);
  const [state, ...fields] = text?.slice(text.lastIndexOf(')') + 2).split(' ') ?? [];
  return state === 'Z' ? null : (fields[18] ?? null);
}

function boot(): string | null {
  return read('/proc/sys/kernel/random/boot_id')?.trim() ?? null;
}

function read(file: string): string | null {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return null;
  }
}
