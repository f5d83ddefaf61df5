import { setTimeout as sleep } from 'node:timers/promises';
import { TransshipError } from '../../error.ts';
import { ping } from '../../hosts/answering.ts';
import { bounded } from '../bounded.ts';
import { holdDestination } from '../direct/hold-destination.ts';
import { EndedThere } from '../ended-there.ts';
import { runcRootOf } from '../live-copy.ts';
import type { Move, Step } from '../step.ts';

interface StateThere {
  readonly Running: boolean;
  readonly Paused: boolean;
  readonly Pid: number;
  readonly Status: string;
  readonly ExitCode: number;
  readonly Error: string;
}

/**
 * By Docker's word; where dockerd stands still, by runc's. Docker has said before that the container has started, and going back would undo what it has
 * answered since. A dockerd that is dead is another case: the next one ends what runs there, unless it has live-restore.
 */
async function stateThere({ destination, found }: Move): Promise<StateThere> {
  const { name, docker, shell } = destination;
  const id = found.destinationId ?? '';
  try {
    return (await bounded(`docker inspect on ${name}`, 10_000, docker.getContainer(id).inspect())).State;
  } catch (error) {
    if ((await ping(docker)) !== 'silence') throw error;
  }
  const { exitCode, stdout } = await shell.run(`runc --root ${runcRootOf(id)} state ${id}`, { timeoutMs: 10_000 });
  const { status, pid } = exitCode === 0 ? (JSON.parse(stdout) as { status: string; pid: number }) : { status: 'gone', pid: 0 };
  const words = `dockerd on ${name} stands still: that the container runs there is runc's word`;
  if (!found.warnings.includes(words)) found.warnings.push(words);
  return { Running: status === 'running', Paused: status === 'paused', Pid: pid, Status: status, ExitCode: 0, Error: '' };
}

/** Running, by Docker's word and by its process, and still so a moment later: a restore that dies at once is seen. */
async function seeItRun(move: Move): Promise<undefined> {
  const { destination, found } = move;
  for (const waitMs of [0, 200]) {
    await sleep(waitMs);
    const state = await stateThere(move);
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
