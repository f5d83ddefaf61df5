import { textOf } from './line-bytes.ts';

/** When a restored task was first and last heard of. */
export interface Lane {
  readonly pid: number;
  readonly firstUs: number;
  readonly firstLine: number;
  lastUs: number;
  /** False for a lane that only the restorer wrote in: a thread of some task. */
  isTask: boolean;
  realPid: number | null;
}

/** Silence between two lines of the log. */
export interface Gap {
  readonly startUs: number;
  readonly durationUs: number;
  /** Of the line that ends it. */
  readonly line: number;
  readonly before: string;
  readonly after: string;
}

/** A line with its time; its text is made only when a gap quotes it. */
export interface TimedLine {
  us: number;
  /** -1: CRIU's main process. */
  lane: number;
  isPie: boolean;
  /** `PID: real …` stands in the lane of the parent, and is written by the child. */
  isForeign: boolean;
  line: number;
  bytes: Uint8Array;
  textAt: number;
  end: number;
}

interface LaneClock {
  us: number;
  readonly lane: Lane | null;
}

/**
 * The times of a log. Each lane has a clock that never goes back; lines of several tasks do, by up to 11 ms, as the stamp is taken before
 * the line is written.
 */
export interface LogClock {
  readonly lanes: Map<number, LaneClock>;
  /** Those of the last line, which are mostly those of the next. */
  lastPid: number;
  lastClock: LaneClock;
  endUs: number;
  timedLines: number;
  backUs: number;
  backLine: number;
  gaps: Gap[];
  /** Only a longer gap is of interest. */
  leastGapUs: number;
  /** The line that `endUs` is of: its text, or `null` and where that stands. */
  before: string | null;
  beforeBytes: Uint8Array;
  beforeAt: number;
  beforeEnd: number;
}

const limits = { lanes: 100_000, gaps: 10, leastGapUs: 1000, textLength: 300 } as const;

export function newClock(): LogClock {
  return {
    ...{ lanes: new Map(), lastPid: -2, lastClock: { us: 0, lane: null }, endUs: 0, timedLines: 0, backUs: 0, backLine: 0 },
    ...{ gaps: [], leastGapUs: limits.leastGapUs, before: '', beforeBytes: new Uint8Array(0), beforeAt: 0, beforeEnd: 0 },
  };
}

/** The line's time on the clock of its own lane. */
export function passLine(log: LogClock, line: TimedLine): number {
  const clock = log.lastPid === line.lane && !line.isForeign ? log.lastClock : clockOf(log, line);
  const us = line.us > clock.us ? line.us : clock.us;
  if (us - line.us > log.backUs) {
    log.backUs = us - line.us;
    log.backLine = line.line;
  }
  log.timedLines += 1;
  if (!line.isForeign) {
    clock.us = us;
    if (clock.lane !== null) {
      clock.lane.lastUs = us;
      if (!line.isPie) clock.lane.isTask = true;
    }
  }
  if (us > log.endUs) moveEnd(log, line, us);
  return us;
}

function clockOf(log: LogClock, { lane: pid, us, line, isPie, isForeign }: TimedLine): LaneClock {
  let clock = log.lanes.get(pid);
  if (clock === undefined) {
    const isNew = pid >= 0 && !isForeign;
    const lane = isNew ? { pid, firstUs: us, firstLine: line, lastUs: us, isTask: !isPie, realPid: null } : null;
    clock = { us: 0, lane };
    if (log.lanes.size < limits.lanes && (isNew || pid < 0)) log.lanes.set(pid, clock);
  }
  log.lastPid = isForeign ? -2 : pid;
  log.lastClock = clock;
  return clock;
}

function moveEnd(log: LogClock, line: TimedLine, us: number): void {
  if (us - log.endUs >= log.leastGapUs) noteGap(log, line, us);
  log.endUs = us;
  log.before = null;
  log.beforeBytes = line.bytes;
  log.beforeAt = line.textAt;
  log.beforeEnd = line.end;
}

function noteGap(log: LogClock, { bytes, textAt, end, line }: TimedLine, us: number): void {
  keepBefore(log);
  const gap = { startUs: log.endUs, durationUs: us - log.endUs, line, before: log.before ?? '' };
  log.gaps.push({ ...gap, after: shortText(bytes, textAt, end) });
  log.gaps.sort((a, b) => b.durationUs - a.durationUs);
  if (log.gaps.length > limits.gaps) log.gaps.pop();
  if (log.gaps.length === limits.gaps) log.leastGapUs = Math.max(limits.leastGapUs, log.gaps.at(-1)?.durationUs ?? 0);
}

/** Before the bytes of the line that ended last are filled anew. */
export function keepBefore(log: LogClock): void {
  log.before ??= shortText(log.beforeBytes, log.beforeAt, log.beforeEnd);
}

function shortText(bytes: Uint8Array, start: number, end: number): string {
  return textOf(bytes, start, Math.min(end, start + limits.textLength));
}
