import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

// proc(5): the largest pipe that a process without CAP_SYS_RESOURCE may have; one setting for the whole machine.
const setting = '/proc/sys/fs/pipe-max-size';
const sets = '/run/transship/testbed';
/** What it was before the first set came up. */
const before = '/run/transship/pipe-max-size';
/** CRIU holds the pages of a lazy dump in pipes (criu/page-pipe.c); it was seen to do with this much. */
const wantedBytes = 64 * 1024 * 1024;

/** Lets CRIU on test hosts dump lazily, also on a machine whose root lacks CAP_SYS_RESOURCE. */
export function raisePipeSize(): void {
  const bytes = readFileSync(setting, 'utf8').trim();
  if (Number(bytes) >= wantedBytes) return;
  mkdirSync(dirname(before), { recursive: true });
  if (!existsSync(before)) writeFileSync(before, bytes);
  writeFileSync(setting, String(wantedBytes));
}

/** Puts it back when the last set is gone. */
export function restorePipeSize(): void {
  if (!existsSync(before) || (existsSync(sets) && readdirSync(sets).length > 0)) return;
  writeFileSync(setting, readFileSync(before, 'utf8'));
  rmSync(before);
}
