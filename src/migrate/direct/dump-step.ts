import { TransshipError } from '../../error.ts';
import { untilInterrupted } from '../bounded.ts';
import { limitPassed } from '../choice/downtime-limit.ts';
import type { Move, Step } from '../step.ts';
import { refuseUnnoticedExecs } from '../unnoticed-execs.ts';
import { startDump } from './dump-watch.ts';
import { freezeLimitS } from './settings.ts';
import { directOf } from './stage-step.ts';
import { endThere } from './warm-step.ts';
import { wayBack } from './way-back.ts';

/** The dump has a limit of its own; this one is for a host that does not answer any more. */
const answerLimitMs = 660_000;

export const dump: Step = {
  name: 'dump',
  on: 'source',
  about: 'freeze, link cut, runc checkpoint --leave-running: the source stays whole and frozen',
  do: async (move) => {
    await refuseUnnoticedExecs(move);
    const state = directOf(move);
    const { container, options } = move.plan;
    state.dump = startDump(move.source, state.folder, {
      onFreeze: () => {
        move.found.frozenAtMs = performance.now();
      },
      overLimit: (lastedMs) => limitPassed(container.name, options.downtimeLimitMs ?? freezeLimitS * 1e3, lastedMs),
    });
    await untilInterrupted(move.signal, state.dump.until('dump.images-ready', answerLimitMs));
    return undefined;
  },
  undo: letSourceGoOn,
  undoMustHold: true,
};

export const handOver: Step = {
  name: 'hand-over',
  on: 'both',
  about: 'the images from host to host, then the word to restore',
  do: async (move) => {
    await untilInterrupted(move.signal, directOf(move).dump?.until('dump.go', answerLimitMs) ?? Promise.resolve());
    return undefined;
  },
};

/** The source goes on at once where the destination was never told to run; else that one is stopped first. */
async function letSourceGoOn(move: Move): Promise<void> {
  const first = directOf(move).dump?.hasReached('dump.go') ? 'went' : await giveUp(move, '');
  if (first !== 'thawed') {
    await endThere(move);
    await giveUp(move, 'after-go');
  }
  move.found.thawedAtMs = performance.now();
}

async function giveUp({ source, found, plan }: Move, word: string): Promise<string> {
  const folder = found.direct?.folder;
  const { exitCode, stdout, stderr } = await source.shell.run(`bash ${folder}/give-up ${folder} ${word}`, { timeoutMs: 60_000 });
  if (exitCode === 0) return stdout.trim();
  throw new TransshipError(
    'failed',
    `${source.name}: ${plan.container.name} could not be thawed: ${stderr.trim() || stdout.trim()}`,
    `on ${source.name}, once no CRIU is at work on it: ${wayBack(folder ?? '')}`,
  );
}
