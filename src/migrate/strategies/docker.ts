import { setTimeout as sleep } from 'node:timers/promises';
import { TransshipError } from '../../error.ts';
import { whileAnswering } from '../../hosts/answering.ts';
import { createCheckpoint, deleteCheckpoint, startFromCheckpoint } from '../../hosts/checkpoints.ts';
import type { Host } from '../../hosts/host.ts';
import { bounded } from '../bounded.ts';
import { removeBrokenDumps, removeContainerdLeftovers } from '../containerd-leftovers.ts';
import { endingDeadRestores } from '../dead-restore.ts';
import { messageOf } from '../engine.ts';
import { isLive, thaw, untilDumped } from '../live-copy.ts';
import { cutLinks, detailOfLinks, joinLinks, readLinks, type SourceLinks } from '../source-links.ts';
import type { Move, Step, StepDetail } from '../step.ts';
import { stoodStillByRunc } from '../stood-still.ts';
import { stopCopy } from '../stop-copy.ts';
import { refuseUnnoticedExecs } from '../unnoticed-execs.ts';
import { checkImages } from './check-images.ts';
import { commonCleanup, commonPreparation, removeCheckpoint } from './common.ts';
import { copyImages, copyLayerChanges, copyVolumeChanges, rewriteIds } from './transfer.ts';
import { verify } from './verify.ts';

/**
 * Longest that dockerd may take over a checkpoint or a start. Docker itself knows no limit; 10 minutes are enough for some
 * 20 GB by the 50-60 MB/s at which its content store was seen to take the images.
 */
const checkpointLimitMs = 600_000;

/**
 * Docker's own path, made safe: the source is paused first and stays paused, whole, until the destination has proved
 * to run; rollback is `unpause`.
 */
export function dockerSteps(isPlain: boolean): readonly Step[] {
  return [
    ...commonPreparation,
    ...(isPlain ? [checkpointAndExit] : [pause, checkpointPaused]),
    copyImages,
    copyLayerChanges,
    copyVolumeChanges,
    rewriteIds,
    start,
    ...(isPlain ? [] : [checkImages]),
    verify,
    ...commonCleanup,
    removeCheckpoint,
  ];
}

const pause: Step = {
  name: 'pause',
  on: 'source',
  about: 'docker pause: the container stands still from here; its link is cut',
  do: async (move) => {
    const { plan, source, found } = move;
    await refuseUnnoticedExecs(move);
    found.links = await readLinks(source, plan.container.id);
    tellUncut(move);
    found.frozenAtMs = performance.now();
    await bounded(`docker pause on ${source.name}`, 30_000, source.docker.getContainer(plan.container.id).pause());
    return found.links === null ? undefined : await cutFrom(source, found.links);
  },
  undo: async (move) => {
    const { plan, source, found } = move;
    await untilDumped(source, plan.container.id);
    await joinAgain(move);
    await thaw(source, plan.container.id);
    found.thawedAtMs = performance.now();
    void forgetSilence(source); // it goes on meanwhile
  },
};

/** Before CRIU unlocks the network at its end: what a paused container's kernel acknowledged after that would be lost. */
async function cutFrom(source: Host, links: SourceLinks): Promise<StepDetail | undefined> {
  const detail = detailOfLinks(links);
  if (detail === undefined) return undefined;
  const { exitCode, stderr } = await source.shell.run(cutLinks(links).join(' && '), { timeoutMs: 10_000 });
  if (exitCode === 0) return detail;
  const hint = `a link of the container that is there, and cannot be set down: ip link on ${source.name}`;
  throw new TransshipError('failed', `${source.name}: its link could not be cut: ${stderr.trim()}`, hint);
}

/** Whatever becomes of its link, the container shall go on. A controller that was killed in mid-step has not written down what it cut. */
async function joinAgain({ plan, source, found }: Move): Promise<void> {
  const links = found.links ?? (await readLinks(source, plan.container.id).catch(() => null));
  const commands = links === null ? [] : joinLinks(links);
  if (commands.length === 0) return;
  const script = `failed=; ${commands.map((command) => `${command} || failed=yes`).join('; ')}; [ -z "$failed" ]`;
  const joined = await source.shell.run(script, { timeoutMs: 10_000 }).catch(() => null);
  if (joined?.exitCode === 0) return;
  found.warnings.push(
    `${plan.container.name} may be without its network on ${source.name}, where it was cut; there: ${commands.join('; ')}`,
  );
}

function tellUncut({ plan, source, found }: Move): void {
  const uncut = found.links === null ? 'its links are not known (has runc the container?)' : found.links.otherLinks.join(', ');
  if (uncut !== '')
    found.warnings.push(
      `${plan.container.name} stays within reach on ${source.name} while it stands still, so what clients send until then may be lost: not cut: ${uncut}`,
    );
}

const checkpointPaused: Step = {
  name: 'checkpoint',
  on: 'source',
  about: 'docker checkpoint create --leave-running: CRIU dumps, dockerd packs and unpacks the images',
  standsStill: true,
  do: async (move) => {
    await checkpoint(move, false);
    return undefined;
  },
  tidy: removeSourceCheckpoint,
};

/** `--plain`: what `docker checkpoint create` does by itself. The source is gone with it; the way back is its own checkpoint. */
const checkpointAndExit: Step = {
  name: 'checkpoint',
  on: 'source',
  about: 'docker checkpoint create: CRIU dumps and kills the source',
  do: async (move) => {
    await refuseUnnoticedExecs(move);
    move.found.frozenAtMs = performance.now();
    await checkpoint(move, true);
    return undefined;
  },
  undo: async (move) => {
    if (await isLive(move.source, move.plan.container.id)) return;
    await restart(move, 'source', move.plan.container.id);
  },
  tidy: removeSourceCheckpoint,
};

async function checkpoint(move: Move, exit: boolean): Promise<void> {
  const { plan, source } = move;
  const options = { checkpointId: plan.checkpoint, exit };
  const ask = () => whileAnswering(source, createCheckpoint(source, plan.container.id, options));
  try {
    await bounded(`docker checkpoint create on ${source.name}`, checkpointLimitMs, untilStateIsKnown(ask));
  } catch (cause) {
    const hint = "what CRIU said stands under 'failed' in: transship show RUN";
    throw new TransshipError('failed', `checkpoint on ${source.name}: ${messageOf(cause)}`, hint, { cause });
  }
}

/**
 * containerd asks the shim for the state before a dump, and takes a shim that says nothing for 2 s for one whose container runs (1.7.24, services/tasks/local.go,
 * `stateTimeout`): it would pause one that is paused, and that fails before anything is made. Tried again.
 */
async function untilStateIsKnown(ask: () => Promise<unknown>): Promise<void> {
  for (let tries = 1; ; tries += 1) {
    try {
      await ask();
      return;
    } catch (error) {
      if (tries >= 4 || !/cannot pause a paused container/.test(messageOf(error))) throw error;
      await sleep(500);
    }
  }
}

async function removeSourceCheckpoint({ plan, source }: Move): Promise<void> {
  await bounded('removing the checkpoint', 30_000, deleteCheckpoint(source, plan.container.id, plan.checkpoint)).catch(
    (error) => {
      if (!/does not exist|no such/i.test(messageOf(error))) throw error;
    },
  );
  await removeContainerdLeftovers(source, plan.container.id); // of a CRIU that went on to its end
  await removeBrokenDumps(source);
}

const start: Step = {
  name: 'start',
  on: 'destination',
  about: 'docker start --checkpoint: containerd takes the images in, CRIU restores',
  standsStill: true,
  stoodStillMs: stoodStillByRunc,
  do: async (move) => {
    if (move.found.destinationId === null) throw new Error('no container was created on the destination');
    const tries = await restart(move, 'destination', move.found.destinationId);
    await forgetSilence(move.destination);
    return { tries };
  },
  undo: async (move) => {
    if (move.found.destinationId !== null) await stopCopy(move, move.found.destinationId);
  },
  undoMustHold: true,
  tidy: async ({ destination, found }) => {
    if (found.destinationId !== null) await removeContainerdLeftovers(destination, found.destinationId);
  },
};

/**
 * Clients that knocked while the container was not within reach have left an unanswered ARP entry on the host's bridge, and the kernel
 * asks again only after a second: without this, clients were seen to wait 0.5-0.7 s longer than the container.
 */
async function forgetSilence(host: Host): Promise<void> {
  const flush = 'ip neigh flush nud incomplete; ip neigh flush nud failed';
  await host.shell.run(flush, { timeoutMs: 5_000 }).catch(() => {}); // the container runs all the same
}

/**
 * `content sha256:… already exists` (moby#42900) is a race with containerd's collector, gone after 1.5 s: tried again for 8 s.
 * Not with `--rm`: Docker has removed that container after the first start that failed.
 */
async function restart(move: Move, on: 'source' | 'destination', id: string): Promise<number> {
  const { plan } = move;
  const host = move[on];
  const isRemoved = plan.inspect.HostConfig.AutoRemove === true;
  const isUnwanted = () => on === 'destination' && move.found.givenUp !== null; // the limit is over: nothing may begin to run there
  for (let tries = 1; ; tries += 1) {
    try {
      if (isUnwanted()) throw new Error('it was given up');
      const started = endingDeadRestores(host, id, startFromCheckpoint(host, id, plan.checkpoint));
      await bounded(`docker start --checkpoint on ${host.name}`, checkpointLimitMs, whileAnswering(host, started));
      return tries;
    } catch (cause) {
      const isPassing = /content sha256:\w+: already exists|already exists/.test(messageOf(cause));
      if (tries < 16 && isPassing && !isRemoved) await sleep(500);
      else throw startFailed(host, cause, isPassing && isRemoved);
    }
  }
}

function startFailed(host: Host, cause: unknown, isWorthAgain: boolean): TransshipError {
  const message = `start on ${host.name}: ${messageOf(cause)}`;
  const hint = isWorthAgain
    ? 'containerd was still clearing up, and Docker has removed the container, which has --rm: run the same command again'
    : "what CRIU said stands under 'failed' in: transship show RUN";
  return new TransshipError('failed', message, hint, { cause });
}
