import type { Move, Step } from '../step.ts';
import type { Past } from './past.ts';

type ThawFirst = () => Promise<void>;

/**
 * What is left to be done once the destination is taken for the live copy: it is verified again unless it was the live copy already.
 * One that an earlier recovery has frozen is let go on first.
 */
export function stepsForward(steps: readonly Step[], past: Past, thawFirst: ThawFirst | null): readonly Step[] {
  const commit = steps.findIndex((step) => step.commits === true);
  const cleanup = steps.slice(commit + 1);
  if (past.isCommitted) return cleanup.filter((step) => !past.ended.includes(step));
  const verify = steps.find((step) => step.name === 'verify');
  const residual = steps.find((step) => step.name === 'residual');
  const check = steps.filter((step) => step.name === 'check-images' && !past.ended.includes(step));
  if (verify === undefined) throw new Error('a strategy that verifies nothing');
  if (residual === undefined) return [...check, thawFirst === null ? verify : goOnFirst(verify, thawFirst), ...cleanup];
  if (thawFirst !== null) return [goOnFirst(verify, waitingFor(residual, thawFirst)), residual, ...cleanup];
  return [...(past.isHalved ? [] : check), verify, residual, ...cleanup];
}

function goOnFirst(verify: Step, thaw: (move: Move) => Promise<void>): Step {
  return {
    ...verify,
    do: async (move: Move) => {
      await thaw(move);
      return await verify.do(move);
    },
  };
}

/** It would run into pages that have not come: they are waited for before it goes on. The step that commits comes after all the same. */
function waitingFor(residual: Step, thaw: ThawFirst): (move: Move) => Promise<void> {
  return async (move) => {
    await residual.do(move);
    await thaw();
  };
}
