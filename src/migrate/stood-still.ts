import type { Host } from '../hosts/host.ts';
import { directOf } from './direct/stage-step.ts';
import { runcRootOf, runcStatus } from './live-copy.ts';
import type { Move } from './step.ts';
import { destinationIdOf } from './strategies/common.ts';

/** Whoever does not answer sooner is not waited for: the container stands still meanwhile. */
const answerLimitMs = 2_000;

/**
 * From the freeze to the resume by the marks of both hosts. Each says how long ago its own was, by its own clock, and both are asked in the same
 * moment: right to within a round trip, whatever their clocks are. Null: the container does not go on on the destination, as far as that one says.
 */
export async function stoodStillByMarks(move: Move): Promise<number | null> {
  const { source, destination } = move;
  const { folder, work } = directOf(move);
  const heardMs = sinceFreezeMs(move);
  const [frozenMs, resumedMs] = await Promise.all([
    agoMs(source, markedAt(folder, 'dump\\.freeze')),
    agoMs(destination, `${markedAt(folder, 'runtime\\.restored 0')}; ${resumedAt(work.destination)}`),
  ]);
  return resumedMs === null ? null : Math.max(0, (frozenMs ?? heardMs) - resumedMs);
}

/**
 * The same where Docker restores, which tells of it only when all is done. runc writes its state when CRIU is about to let the tasks go
 * (libcontainer/criu_linux.go, criuNotifications, post-restore), and takes them for running from then on.
 */
export async function stoodStillByRunc(move: Move): Promise<number | null> {
  const { destination } = move;
  const id = destinationIdOf(move);
  const heardMs = sinceFreezeMs(move);
  if ((await runcStatus(destination, id)) !== 'running') return null;
  const script = `at=; pgrep -f -- 'runc .*restore .*${id}' >/dev/null || at=$(stat -c %.6Y ${runcRootOf(id)}/${id}/state.json)`;
  const resumedMs = await agoMs(destination, script);
  return resumedMs === null ? null : Math.max(0, heardMs - resumedMs);
}

function sinceFreezeMs({ found }: Move): number {
  return performance.now() - (found.frozenAtMs ?? performance.now());
}

/** Shell text that sets `at` to the moment of a mark. */
function markedAt(folder: string, mark: string): string {
  return `at=$(sed -n 's/^\\([0-9.]*\\) ${mark}$/\\1/p' ${folder}/marks)`;
}

/**
 * Shell text that sets `at` where runc, by whose return our runtime knows, has not returned yet: by the line that CRIU writes when the tasks run
 * (cr-restore.c, restore_root_task). The time of the file has the kernel's tick.
 */
function resumedAt(work: string): string {
  const log = `${work}/restore.log`;
  return `[ -n "$at" ] || ! grep -qs 'Restore finished successfully. Tasks resumed' ${log} || at=$(stat -c %.6Y ${log})`;
}

/** @returns how long ago `at` was, which the shell text sets; null: it was not, or the host does not say */
async function agoMs(host: Host, script: string): Promise<number | null> {
  const limits = { timeoutMs: answerLimitMs };
  const asked = await host.shell.run(`${script}; [ -n "$at" ] && echo "$(date +%s.%N) $at"`, limits).catch(() => null);
  const [now, at] = (asked?.stdout ?? '').trim().split(' ').map(Number);
  return now === undefined || at === undefined ? null : (now - at) * 1e3;
}
