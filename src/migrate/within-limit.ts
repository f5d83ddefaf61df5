import type { TransshipError } from '../error.ts';
import { limitPassed, stoodLonger } from './choice/downtime-limit.ts';
import type { Move, Step, StepDetail } from './step.ts';

/**
 * Does a step, and no longer than the container may stand still: where it goes on on the destination by then, the step may take its time. What
 * was given up cannot be called back: it goes on for itself, and `found.givenUp` tells when it has ended.
 * @throws TransshipError `failed` when the limit is over
 */
export async function doWithinLimit(step: Step, move: Move): Promise<StepDetail | undefined> {
  const { plan, found } = move;
  const limitMs = plan.options.downtimeLimitMs;
  if (step.standsStill !== true || limitMs === undefined || found.frozenAtMs === null) return await step.do(move);
  const leftMs = found.frozenAtMs + limitMs - performance.now();
  const done = leftMs > 0 ? step.do(move) : null;
  const first = done === null ? 'over' : await firstOf(done, leftMs);
  if (first !== 'over') return first;
  const stoodMs = (await step.stoodStillMs?.(move).catch(() => null)) ?? null;
  if (stoodMs !== null) {
    const words = `${stoodLonger(plan.container.name, limitMs, stoodMs)}: it went on on ${move.destination.name} by then, so it stays there`;
    if (stoodMs > limitMs) found.warnings.push(words);
    return await (done ?? step.do(move));
  }
  found.givenUp = Promise.allSettled([done]).then(() => {});
  throw limitPassed(plan.container.name, limitMs, performance.now() - found.frozenAtMs);
}

async function firstOf<T>(done: Promise<T>, leftMs: number): Promise<T | 'over'> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<'over'>((resolve) => {
    timer = setTimeout(() => resolve('over'), leftMs);
  });
  return await Promise.race([done, limit]).finally(() => clearTimeout(timer));
}

/** What is said when all is undone: the freeze has lasted until then. */
export function saidAfterwards(error: TransshipError, { plan, found }: Move): TransshipError {
  const { frozenAtMs, thawedAtMs, givenUp } = found;
  const limitMs = plan.options.downtimeLimitMs;
  if (givenUp === null || limitMs === undefined || frozenAtMs === null || thawedAtMs === null) return error;
  return limitPassed(plan.container.name, limitMs, thawedAtMs - frozenAtMs);
}
