/** One pre-dump, as CRIU's statistics and our own clock tell it. */
export interface Round {
  readonly pagesWritten: number;
  /** Pages that an earlier round has, unchanged. */
  readonly pagesSkipped: number;
  /** Of all its images. */
  readonly bytes: number;
  /** From its begin until its images lay on the destination: what the container has changed since is left for the next. */
  readonly durationMs: number;
}

/** When rounds stop. */
export interface StopLimits {
  readonly maxRounds: number;
  readonly pagesLeft: number;
  readonly maxGrowth: number;
}

export type Verdict = { readonly goesOn: true } | { readonly goesOn: false; readonly reason: string };

interface StopLimit {
  readonly name: keyof StopLimits;
  readonly flags: string;
  readonly default: number;
  readonly least: number;
  readonly isWhole: boolean;
  /** What it stops. */
  readonly about: string;
  /** Why there is such a limit, and why it is this one. */
  readonly reason: string;
}

/** The first that says stop is the one that is named. */
export const stopLimits = [
  {
    name: 'pagesLeft',
    flags: '--pages-left <n>',
    default: 2560,
    least: 0,
    isWhole: true,
    about: 'pre-copy: dump when a round wrote no more pages than this',
    reason: '10 MB: reading and sending them takes some tens of ms, less than the rest of any dump and restore',
  },
  {
    name: 'maxGrowth',
    flags: '--max-growth <x>',
    default: 0.9,
    least: 0,
    isWhole: false,
    about: 'pre-copy: dump when a round wrote more than this part of the round before',
    reason: 'what a container changes while a round goes on comes again in each: by then rounds only cost time',
  },
  {
    name: 'maxRounds',
    flags: '--max-rounds <n>',
    default: 8,
    least: 1,
    isWhole: true,
    about: 'pre-copy: dump after so many rounds at the latest',
    reason: 'each freezes the container for a moment, and its images lie in the memory of both hosts until the end',
  },
] as const satisfies readonly StopLimit[];

export function withDefaults(given: Partial<StopLimits> = {}): StopLimits {
  const limit = (name: keyof StopLimits) => given[name] ?? defaultOf(name);
  return { maxRounds: limit('maxRounds'), pagesLeft: limit('pagesLeft'), maxGrowth: limit('maxGrowth') };
}

/** Rounds that would write more than this part of the first do not pay. */
export const defaultGrowth = defaultOf('maxGrowth');

function defaultOf(name: keyof StopLimits): number {
  return stopLimits.find((limit) => limit.name === name)?.default ?? Number.NaN;
}

/**
 * Is another round worth it? What the last one wrote is the best guess of what the next will: in the recorded chains the dump
 * after three rounds wrote within 2 % of the third.
 */
export function judge(rounds: readonly Round[], limits: StopLimits): Verdict {
  const last = rounds.at(-1);
  if (last === undefined) return { goesOn: true };
  const pages = last.pagesWritten;
  if (pages <= limits.pagesLeft)
    return stop(`round ${rounds.length} wrote ${pages} pages, no more than the ${limits.pagesLeft} that may be left`);
  const before = rounds.at(-2)?.pagesWritten;
  if (before !== undefined && pages > limits.maxGrowth * before) {
    const share = `${((100 * pages) / before).toFixed(1)} %`;
    return stop(`round ${rounds.length} wrote ${pages} pages, ${share} of the ${before} before: what is left does not shrink`);
  }
  if (rounds.length >= limits.maxRounds) return stop(`${rounds.length} rounds are the most that are allowed`);
  return { goesOn: true };
}

function stop(reason: string): Verdict {
  return { goesOn: false, reason };
}
