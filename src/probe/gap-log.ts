/** One answer; times are milliseconds of this process' monotonic clock. */
export interface Answer {
  /** `ADDRESS:PORT` */
  readonly target: string;
  readonly sentMs: number;
  readonly atMs: number;
}

/** A time without answers, from the arrival of one to the arrival of the next: the way back is in both and cancels out. */
export interface Gap {
  readonly from: Answer;
  readonly to: Answer;
  /** The longest time in it in which this process itself did not run: that much of the gap may be ours. */
  readonly ownStallMs: number;
}

export interface GapLog {
  add(answer: Answer, ownStallMs: number): void;
  readonly answers: number;
  readonly first: Answer | null;
  readonly last: Answer | null;
  /** The longest gap of all, however short. */
  readonly longest: Gap | null;
  /** From the last answer of any other target to the first of the destination. */
  readonly move: Gap | null;
  /** Answers of another target after the destination's first: two copies were alive, or it was rolled back. */
  readonly othersAfterMove: number;
}

export interface GapLogOptions {
  /** The target whose first answer ends the move; null when there is but one address. */
  readonly destination: string | null;
  /** Gaps at least this long are told. */
  readonly thresholdMs: number;
  readonly onGap: (gap: Gap) => void;
}

/** Keeps a handful of answers, however many are added. */
export function createGapLog(options: GapLogOptions): GapLog {
  const { destination, thresholdMs, onGap } = options;
  const log = {
    answers: 0,
    first: null as Answer | null,
    last: null as Answer | null,
    longest: null as Gap | null,
    move: null as Gap | null,
    othersAfterMove: 0,
    add(answer: Answer, ownStallMs: number): void {
      const { last } = log;
      log.answers += 1;
      log.first ??= answer;
      log.last = answer;
      if (last === null) return;
      const gap = { from: last, to: answer, ownStallMs };
      const lengthMs = gapMs(gap);
      if (log.longest === null || lengthMs > gapMs(log.longest)) log.longest = gap;
      if (lengthMs >= thresholdMs) onGap(gap);
      if (answer.target !== destination) log.othersAfterMove += log.move === null ? 0 : 1;
      else if (log.move === null && last.target !== destination) log.move = gap;
    },
  };
  return log;
}

export function gapMs(gap: Gap): number {
  return gap.to.atMs - gap.from.atMs;
}
