import { setTimeout as sleep } from 'node:timers/promises';
import { TransshipError } from '../../error.ts';
import { ping } from '../../hosts/answering.ts';
import { patient } from '../../hosts/patience.ts';
import { bounded, untilInterrupted } from '../bounded.ts';
import { messageOf } from '../engine.ts';
import { runcRoot } from '../live-copy.ts';
import type { Move, Step } from '../step.ts';
import { stoodStillByMarks } from '../stood-still.ts';
import { endAll, endLimitMs, notEnded, ranUntil, takeId, tellUndone } from '../stop-copy.ts';
import { destinationIdOf } from '../strategies/common.ts';
import { addressError, addressWord, takeAddressBack } from './moving-address.ts';
import { putFiles } from './stage.ts';
import { directOf } from './stage-step.ts';

const waitLimitMs = 60_000;
/** As long as an ssh takes to notice that nobody answers (route.ts). */
const goLimitMs = 15_000;
/** From the restore's end to Docker's word of it are some 50 ms. */
const dockerLimitMs = 15_000;

/** dockerd, containerd, the shim and the network are through with their part before the source stands still. */
export const warmDestination: Step = {
  name: 'warm-destination',
  on: 'destination',
  about: 'docker start, up to where our runtime waits for the images',
  do: async (move) => {
    const { destination } = move;
    const state = directOf(move);
    let ended = false;
    state.started = destination.docker
      .getContainer(destinationIdOf(move))
      .start()
      .then(
        () => null,
        (error: Error) => error,
      )
      .finally(() => {
        ended = true;
      });
    await runtimeSays(move, 'waiting', () => ended);
    return undefined;
  },
  // It need not hold: without the dump's go nothing runs there, and where that was said the dump's own undo has stopped it.
  undo: stopDestination,
};

/**
 * All that runc does before CRIU restores is done while the container still works. It only needs to know which of the container's streams
 * were pipes (`descriptors.json`, which it writes into every checkpoint): its own state on the source has that.
 */
export const prepareRestore: Step = {
  name: 'prepare-restore',
  on: 'destination',
  about: 'runc restore, up to where CRIU begins',
  do: async (move) => {
    const { source, destination, plan } = move;
    const state = directOf(move);
    const file = `${runcRoot}/${plan.container.id}/state.json`;
    const { stdout } = await source.shell.run(`cat ${file}`);
    const { external_descriptors: streams } = JSON.parse(stdout || '{}') as { external_descriptors?: readonly string[] };
    if (streams === undefined) return { left: `${source.name}: ${file} does not say what its streams are` };
    await putFiles(destination, `${state.folder}/images`, { 'descriptors.json': JSON.stringify(streams) });
    await destination.shell.run(`echo prepare 1<>${state.folder}/go`);
    let ended = false;
    void state.started?.then(() => {
      ended = true;
    });
    await runtimeSays(move, 'prepared', () => ended);
    return undefined;
  },
};

/** Waits for a file that our runtime makes, as long as Docker's call goes on. */
async function runtimeSays(move: Move, file: 'waiting' | 'prepared', isEnded: () => boolean): Promise<void> {
  const { folder, started } = directOf(move);
  const deadline = performance.now() + patient(waitLimitMs);
  while ((await move.destination.shell.run(`[ -e ${folder}/${file} ]`)).exitCode !== 0) {
    if (isEnded()) throw startFailed(move, (await started) ?? new Error('it started without waiting: is the runtime ours?'));
    if (performance.now() > deadline)
      throw startFailed(move, new Error(`our runtime was not ${file} within ${patient(waitLimitMs) / 1e3} s`));
    await sleep(20);
  }
}

/** The destination's container runs there, as far as Docker and runc say. */
export const restore: Step = {
  name: 'restore',
  on: 'destination',
  about: 'CRIU restores inside docker start, which returns',
  standsStill: true,
  stoodStillMs: stoodStillByMarks,
  do: async (move) => {
    const ended = directOf(move).started ?? Promise.resolve(null);
    const error = await bounded(
      `docker start on ${move.destination.name}`,
      600_000,
      untilInterrupted(move.signal, Promise.race([ended, heedThere(move, ended)])),
    );
    if (error !== null) throw startFailed(move, error, await saidThere(move));
    move.found.imagesBytes = await imagesBytes(move);
    return { bytes: move.found.imagesBytes };
  },
};

/**
 * What would be waited for as long as a restore may take: a go that nobody has heard, as the network between the hosts is gone (the source has said it
 * to its ssh), and a dockerd that does not say that the container runs, though our runtime has restored it. Asked late, so that a restore that is under way is
 * left alone.
 */
async function heedThere(move: Move, ended: Promise<unknown>): Promise<never> {
  const { folder } = directOf(move);
  const { name, shell } = move.destination;
  let hasEnded = false;
  void ended.then(() => {
    hasEnded = true;
  });
  const began = performance.now();
  let restoredAt: number | null = null;
  for (let isHeard = false; !hasEnded; ) {
    await sleep(1_000, undefined, { ref: false });
    const { stdout } = await shell.run(
      `cd ${folder} && grep -qs ' receive.go' marks && echo heard; [ ! -e restored ] || echo restored`,
    );
    isHeard = stdout.includes('heard');
    if (stdout.includes('restored')) restoredAt ??= performance.now();
    if (!isHeard && performance.now() > began + patient(goLimitMs)) throw unheard(move);
    if (restoredAt === null || performance.now() < restoredAt + patient(dockerLimitMs)) continue;
    throw startFailed(
      move,
      new Error(`it runs there since ${patient(dockerLimitMs) / 1e3} s, and dockerd on ${name} has not said so`),
    );
  }
  return await new Promise<never>(() => {});
}

function unheard({ source, destination }: Move): TransshipError {
  const hint = `the way from ${source.name} to ${destination.name} is gone: ping, ssh`;
  return new TransshipError('failed', `${destination.name} has not heard the go within ${patient(goLimitMs) / 1e3} s`, hint);
}

/** After the resume: what came as images, by page server or by ssh; null when it cannot be told. */
async function imagesBytes(move: Move): Promise<number | null> {
  const counting = move.destination.shell.run(`du -sb ${directOf(move).folder}/images`);
  const counted = await counting.catch(() => null); // the container runs all the same
  return counted?.exitCode === 0 ? Number.parseInt(counted.stdout, 10) : null;
}

/** What was to run there does not, and will not; and Docker has heard of it. */
export async function stopDestination(move: Move): Promise<void> {
  await endThere(move);
  const { destination, found } = move;
  const started = found.direct?.started;
  if (!started) return;
  // one that stands still is not waited for: what it asks for later finds that the container's id is taken from runc
  const limitMs = (await ping(destination.docker)) === 'silence' ? 0 : 30_000;
  await bounded(`docker start on ${destination.name}`, limitMs, started).catch(() => {});
}

/**
 * No restore begins there any more; one that has begun ends, and its container with it. One turn, and by the host's own processes, not Docker: the source
 * stands still meanwhile.
 * @throws when that is not certain
 */
export async function endThere(move: Move): Promise<void> {
  const { destination, found } = move;
  if (found.direct === null || found.direct.started === null || found.destinationId === null) return;
  const { folder } = found.direct;
  const ended = await destination.shell.run(neverOrNoMore(folder, found.destinationId), { timeoutMs: endLimitMs });
  if (ended.exitCode === addressFailed) throw addressError(destination, 'silence', ended.stderr);
  if (ended.exitCode !== 0) throw notEnded(destination, found.destinationId);
  // the runtime is told, and asks the same folder before it restores: whatever becomes of Docker's call, nothing runs there
  if (ended.stdout.trim() === 'never') return;
  tellUndone(move, ranUntil(ended.stdout));
  // the container must go on; what cannot be done is told when it is tidied up
  await takeAddressBack(move, folder).catch(() => {});
}

const addressFailed = 3;

/**
 * Shell text. Our runtime heeds the word as long as the folder of the move says that a restore is staged. A containerd or shim that stood still until that
 * folder is gone would have it create the container as any other, begun anew from its image: so runc has no such id any more, until Docker has no such container.
 */
function neverOrNoMore(folder: string, id: string): string {
  return `
    if cd ${folder} 2>/dev/null; then
      if mkdir decided 2>/dev/null; then
        echo never
        ${takeId(id)}
        echo abort 1<>go
        exit 0
      fi
      echo abort 1<>go
      ${endPageDaemon(folder)}
      ${addressWord(folder, 'silence')} || exit ${addressFailed}
    fi
    ${endAll(id, folder)}`;
}

/** Shell text for lazy pages: the daemon would wait for them. Where it ended long ago, as for `recover`, its number may be another's: its shell is one of receive. */
function endPageDaemon(folder: string): string {
  return `[ ! -e ${folder}/lazy-pid ] || { read -r pid <${folder}/lazy-pid && grep -qsF ${folder} /proc/$pid/cmdline && kill -KILL $(cat /proc/$pid/task/*/children) $pid; }`;
}

async function saidThere({ destination, found }: Move): Promise<string> {
  const { stdout } = await destination.shell.run(`cat ${found.direct?.folder}/failed 2>/dev/null`);
  return stdout.trim();
}

function startFailed({ destination }: Move, cause: Error, said = ''): TransshipError {
  const hint = "what CRIU said stands under 'failed' in: transship show RUN";
  return new TransshipError('failed', `restore on ${destination.name}: ${said || messageOf(cause)}`, hint, { cause });
}
