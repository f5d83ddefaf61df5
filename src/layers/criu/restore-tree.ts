import type { Lane } from './log-clock.ts';
import type { LogDigest, Mark } from './log-digest.ts';
import { growPhases, newNode, type PhaseNode } from './phase-tree.ts';
import { restoreBarrier, restoredLine, restorePhases, restoreTask } from './restore-phases.ts';

const tracked = 'criu.restore.task';
const topPhases = restorePhases.filter((phase) => !('within' in phase && phase.within === tracked));
const trackPhases = restorePhases.filter((phase) => 'within' in phase && phase.within === tracked);

/**
 * The phases of a restore.
 *
 *   master      ├init┤├images┤├fork┤ ... waits ...                ├barrier┤├network-unlock┤├resume┤
 *   first task                  ├session┤├mounts┤├collect┤
 *   top phases  ├────┤├──────┤├─┤├──────┤├──────┤├───────┤├tasks ┤├───────┤├──────────────┤├──────┤
 *   tracks                                                ├task 1┤
 *                                                           ├t 13┤
 */
export function growRestore(digest: LogDigest): PhaseNode[] {
  const first = firstTask(digest);
  const whole = { startUs: 0, endUs: digest.endUs, line: 0, lane: null };
  const tops = growPhases(topPhases, topMarks(digest.marks, first), whole);
  const tasks = tops.find((node) => node.phase.name === 'criu.restore.tasks');
  if (tasks === undefined) return tops;
  const restored = digest.marks.filter((mark) => mark.lane !== null && restoredLine.test(mark.text));
  // while one task is still at it, or has failed, nobody only waits
  const areAllRestored = digest.lanes.every(({ pid }) => restored.some(({ lane }) => lane === pid));
  const barrier = areAllRestored ? splitBarrier(tasks, restored) : null;
  tasks.children = digest.lanes.flatMap((lane) => growTrack(digest, { lane, tasks, isFirst: lane.pid === first }));
  return tops.flatMap((node) => (node === tasks && barrier ? [node, barrier] : node));
}

/** The pid that CRIU's main process forks; where that line is missing, the first lane. */
function firstTask(digest: LogDigest): number | null {
  for (const { lane, text } of digest.marks) {
    const pid = lane === null ? /^Forking task with (\d+) pid/.exec(text)?.[1] : undefined;
    if (pid !== undefined) return Number(pid);
  }
  return digest.lanes[0]?.pid ?? null;
}

/** Lines of both lanes by time: within a lane in order, across lanes the file's order means nothing. */
function topMarks(marks: readonly Mark[], first: number | null): readonly Mark[] {
  const allowed = (mark: Mark) => {
    const lane = mark.lane === null ? 'master' : mark.lane === first ? 'root' : 'task';
    return topPhases.some((phase) => (phase.lane === 'any' || phase.lane === lane) && phase.begins?.test(mark.text));
  };
  return marks.filter(allowed).sort((a, b) => a.us - b.us);
}

function splitBarrier(tasks: PhaseNode, restored: readonly Mark[]): PhaseNode | null {
  const last = restored.reduce<Mark | null>((best, mark) => (best === null || mark.us > best.us ? mark : best), null);
  if (last === null || last.us >= tasks.endUs || last.us < tasks.startUs) return null;
  const barrier = { ...newNode(restoreBarrier, last, null), endUs: tasks.endUs };
  tasks.endUs = last.us;
  return barrier;
}

function growTrack(digest: LogDigest, { lane, tasks, isFirst }: { lane: Lane; tasks: PhaseNode; isFirst: boolean }): PhaseNode[] {
  const own = digest.marks.filter((mark) => mark.lane === lane.pid);
  const startUs = isFirst ? tasks.startUs : Math.max(lane.firstUs, tasks.startUs);
  const restored = own.find((mark) => restoredLine.test(mark.text));
  const endUs = Math.min(restored?.us ?? lane.lastUs, tasks.endUs);
  if (endUs < startUs) return [];
  const line = isFirst ? tasks.line : lane.firstLine;
  const groups = { vpid: String(lane.pid), ...(lane.realPid === null ? {} : { pid: String(lane.realPid) }) };
  const node = { ...newNode(restoreTask, { us: startUs, line }, lane.pid, groups), endUs };
  const within = own.filter((mark) => mark.us >= startUs && mark.us <= endUs);
  node.children = growPhases(trackPhases, within, { startUs, endUs, line, lane: lane.pid });
  return [node];
}
