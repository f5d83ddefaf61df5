import { limitPassed } from './choice/downtime-limit.ts';
import type { Move, Step, StepDetail } from './step.ts';

/**
 * Does a step, and no longer than the container may stand still. What was given up cannot be called back: it goes on for itself, and
 * `found.givenUp` tells when it has ended.
 * @throws TransshipError `failed` with how long it had lasted
 */
export async function doWithinLimit(step: Step, move: Move): Promise<StepDetail | undefined> {
  const { plan, found } = move;
  const limitMs = plan.options.downtimeLimitMs;
  if (step.standsStill !== true || limitMs === undefined || found.frozenAtMs === null) return await step.do(move);
  const lastedMs = () => performance.now() - (found.frozenAtMs ?? 0);
  const over = () => limitPassed(plan.container.name, limitMs, lastedMs());
  if (lastedMs() > limitMs) throw over();
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<'over'>((resolve) => {
    timer = setTimeout(() => resolve('over'), limitMs - lastedMs());
  });
  const done = step.do(move);
  const first = await Promise.race([done, limit]).finally(() => clearTimeout(timer));
  if (first !== 'over') return first;
  found.givenUp = done.then(
    () => {},
    () => {},
  );
  throw over();
}
