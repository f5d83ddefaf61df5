import type { LogClock } from './log-clock.ts';

/** So much is kept of a log, whatever its size. */
export const keptOfLog = { marks: 50_000, problems: 200 } as const;

interface LeftOut {
  readonly file: string;
  readonly clock: LogClock;
  readonly marksLeftOut: number;
  readonly problemsLeftOut: number;
}

/** What a reader of the digest has to know of it. */
export function warningsOf({ file, clock, marksLeftOut, problemsLeftOut }: LeftOut): readonly string[] {
  const warnings: string[] = [];
  if (clock.backUs > 1e6)
    warnings.push(`${file}:${clock.backLine}: time jumps back by ${(clock.backUs / 1e6).toFixed(3)} s: the clock was stepped`);
  if (marksLeftOut > 0)
    warnings.push(`${file}: too many phases; the ${marksLeftOut} after the first ${keptOfLog.marks} are left out`);
  if (problemsLeftOut > 0)
    warnings.push(
      `${file}: too many errors and warnings; the ${problemsLeftOut} after the first ${keptOfLog.problems} are left out`,
    );
  return warnings;
}
