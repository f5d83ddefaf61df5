import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { TransshipError } from '../src/error.ts';

const variable = 'TRANSSHIP_SET_FOLDER';

/** Words put before a command: it and its children carry the set's folder in their environment, where a user has no cgroup to hold them by. */
export function marking(folder: string): readonly string[] {
  return ['env', `${variable}=${folder}`];
}

/** Those that live and carry the mark; nobody else's can be read. */
export function markedProcesses(folder: string): readonly number[] {
  const pids = readdirSync('/proc').filter((entry) => /^\d+$/.test(entry));
  return pids.filter((pid) => isMarked(pid, folder)).map(Number);
}

function isMarked(pid: string, folder: string): boolean {
  try {
    if (!readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0').includes(`${variable}=${folder}`)) return false;
    return !readFileSync(`/proc/${pid}/stat`, 'utf8').includes(') Z ');
  } catch {
    return false; // gone, or another user's
  }
}

/**
 * Kills them, also those that they start meanwhile.
 * @throws TransshipError `failed` when one is left after 15 seconds
 */
export async function endMarked(folder: string): Promise<void> {
  for (let tries = 0; tries < 300; tries += 1) {
    const left = markedProcesses(folder);
    if (left.length === 0) return;
    for (const pid of left) {
      try {
        process.kill(pid, 'SIGKILL');
      } catch {} // it has gone meanwhile
    }
    await sleep(50);
  }
  throw new TransshipError(
    'failed',
    `processes ${markedProcesses(folder).join(' ')} of ${folder} do not end`,
    'try testbed down again',
  );
}
