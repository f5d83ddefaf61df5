import { setTimeout as sleep } from 'node:timers/promises';
import { TransshipError } from '../../error.ts';
import { holdDestination } from '../direct/hold-destination.ts';
import { EndedThere } from '../ended-there.ts';
import type { Move, Step } from '../step.ts';

/** Running, by Docker's word and by its process, and still so a moment later: a restore that dies at once is seen. */
async function seeItRun({ destination, found }: Move): Promise<undefined> {
  const id = found.destinationId ?? '';
  for (const waitMs of [0, 200]) {
    await sleep(waitMs);
    const { State: state } = await destination.docker.getContainer(id).inspect();
    const alive = await destination.shell.run(`kill -0 ${state.Pid}`);
    if (state.Running && !state.Paused && state.Pid !== 0 && alive.exitCode === 0) continue;
    const why = `${state.Status}, exit status ${state.ExitCode} ${state.Error}`.trim();
    const hasEnded = state.Status === 'exited' || state.Status === 'dead';
    if (hasEnded) found.warnings.push(`it ran on ${destination.name} for a moment: what it answered there is undone`);
    throw new (hasEnded ? EndedThere : TransshipError)(
      'failed',
      `the container does not run on ${destination.name}: ${why}`,
      "what CRIU said stands under 'failed' in: transship show RUN",
    );
  }
  return undefined;
}

export const verify: Step = {
  name: 'verify',
  on: 'destination',
  about: 'the destination runs, and still runs a moment later; from here on it is the live copy',
  commits: true,
  do: seeItRun,
};

/** Where memory is still to come, that it runs decides nothing yet; but it has run, and so what it answered is there alone. */
export const verifyRuns: Step = {
  name: 'verify',
  on: 'destination',
  about: 'the destination runs, and still runs a moment later',
  keepsHalves: true,
  do: seeItRun,
  undo: holdDestination,
};
