import { TransshipError } from '../../error.ts';
import { deleteCheckpoint } from '../../hosts/checkpoints.ts';
import type { Host } from '../../hosts/host.ts';
import { bounded, untilInterrupted } from '../bounded.ts';
import { removeContainerdLeftovers } from '../containerd-leftovers.ts';
import { silenceCopy } from '../direct/moving-address.ts';
import { messageOf } from '../engine.ts';
import { createEqual, setRestartPolicy, undoCreate, undoUnanswered } from '../equal/create.ts';
import { makeNetworks, undoNetworks } from '../equal/networks.ts';
import type { PlannedMove } from '../plan.ts';
import type { Move, Step } from '../step.ts';
import { releaseId } from '../stop-copy.ts';
import { moveEarlierLog } from '../whole/earlier-log.ts';
import { moveImage, undoImage } from '../whole/image.ts';
import { copyVolumes, keepVolumes, makeVolumes, undoVolumes } from '../whole/volumes.ts';
import type { ContainerPair } from '../whole/writable-layer.ts';
import { moveWritableLayer } from '../whole/writable-layer.ts';

/** @throws when no step has created it yet: a strategy whose steps are out of order */
export function destinationIdOf({ found }: Move): string {
  if (found.destinationId === null) throw new Error('no container was created on the destination');
  return found.destinationId;
}

export async function containerPair(move: Move): Promise<ContainerPair> {
  const inspect = move.destination.docker.getContainer(destinationIdOf(move)).inspect();
  const destination = await bounded(`docker inspect on ${move.destination.name}`, 10_000, inspect);
  return { route: move.route, source: move.plan.inspect, destination };
}

const transferImage: Step = {
  name: 'transfer-image',
  on: 'both',
  about: "the container's image, by docker save and load, when the destination lacks it",
  do: async ({ plan, route, report }) => {
    const bytes = await moveImage(route, plan.image, (sent) => report.progress(`image: ${Math.round(sent / 1e6)} MB`));
    return { bytes };
  },
  tidy: ({ plan, destination }) => undoImage(destination, plan.image),
};

const createDestination: Step = {
  name: 'create-destination',
  on: 'destination',
  about: 'a container equal to the source, with its networks and volumes, not started',
  do: async ({ plan, destination, found, signal }) => {
    const networks = await makeNetworks(destination, plan.networks, plan.checkpoint);
    await makeVolumes(destination, plan.volumes, plan.checkpoint);
    const onAsk = (since: string | null) => {
      found.askedSince = since;
    };
    const created = await createEqual(destination, plan.create, { signal, onAsk });
    found.destinationId = created.id;
    const unequal = new Set([...plan.create.unequal, ...networks.unequal, ...created.unequal]); // most was foreseen
    found.warnings.push(...created.warnings);
    return { id: created.id, unequal: [...unequal].join('; ') };
  },
  tidy: async ({ plan, destination, found }) => {
    if (found.destinationId !== null) {
      await undoCreate(destination, found.destinationId);
      await releaseId(destination, found.destinationId);
    } else if (found.askedSince !== null) await undoUnanswered(destination, plan.create, found.askedSince);
    await undoVolumes(destination, plan.volumes, plan.checkpoint);
    await undoNetworks(destination, plan.networks, plan.checkpoint);
  },
};

const copyLayer: Step = {
  name: 'copy-layer',
  on: 'both',
  about: 'the writable layer and the log, while the container runs',
  do: async (move) => {
    const pair = await containerPair(move);
    move.found.layer = await moveWritableLayer(pair, { pass: 'live' });
    move.found.log = await moveEarlierLog(pair, { pass: 'live' });
    const bytes = move.found.layer.bytes + (move.found.log?.bytes ?? 0);
    move.found.layerBytes += bytes;
    return { bytes, files: move.found.layer.files };
  },
};

const copyVolumesLive: Step = {
  name: 'copy-volumes',
  on: 'both',
  about: 'volumes that are to be copied, while the container runs',
  do: async (move) => {
    move.found.volumes = await copyVolumes(await containerPair(move), move.plan.volumes, { pass: 'live' });
    return { bytes: addVolumeBytes(move, move.found.volumes) };
  },
};

/** After the commit: what was noted for an undo lies on memory; a host that cannot be asked must not keep the rest from being cleaned up. */
export async function forgetUndo({ destination, plan, found }: Move): Promise<void> {
  await keepVolumes(destination, plan.volumes).catch((error) =>
    found.warnings.push(
      `${destination.name}: notes of what was made for the volumes stay below /run/transship: ${messageOf(error)}`,
    ),
  );
}

/** Counts what a pass over the volumes sent. */
export function addVolumeBytes(move: Move, synced: NonNullable<Move['found']['volumes']>): number {
  const bytes = Object.values(synced).reduce((sum, each) => sum + each.bytes, 0);
  if (Object.keys(synced).length > 0) move.found.volumeBytes = (move.found.volumeBytes ?? 0) + bytes;
  return bytes;
}

/** With a policy other than `no`, Docker starts a checkpointed container anew on the source: two live copies. */
const restartPolicyOff: Step = {
  name: 'restart-policy-off',
  on: 'source',
  about: 'docker update --restart=no on the source, put back on rollback',
  do: async ({ plan, source, signal }) => {
    const policy = plan.create.restartPolicy.Name;
    if (isNo(policy)) return { policy: 'no' };
    // nothing stands still yet: whoever waits for a dockerd that hangs may leave
    await untilInterrupted(signal, setRestartPolicy(source, plan.container.id, { Name: 'no', MaximumRetryCount: 0 }));
    return { policy };
  },
  undo: async ({ plan, source }) => {
    if (!isNo(plan.create.restartPolicy.Name)) await giveRestartPolicy(source, plan.container.id, plan);
  },
};

/** @throws TransshipError whose hint is the command that does it by hand: without its policy the container stays down after its next end */
async function giveRestartPolicy(host: Host, id: string, { create, container }: PlannedMove): Promise<void> {
  try {
    await bounded(`docker update on ${host.name}`, 15_000, setRestartPolicy(host, id, create.restartPolicy));
  } catch (cause) {
    const hint = `its restart policy is still 'no'; on ${host.name}: ${restartCommand(create, container.name)}`;
    throw new TransshipError('failed', messageOf(cause), hint, { cause });
  }
}

/** What somebody has to type who puts the policy back by hand; null: there is none. */
export function restartCommand(
  { restartPolicy: { Name, MaximumRetryCount } }: PlannedMove['create'],
  name: string,
): string | null {
  if (isNo(Name)) return null;
  return `docker update --restart=${MaximumRetryCount ? `${Name}:${MaximumRetryCount}` : Name} ${name}`;
}

const restartPolicyOn: Step = {
  name: 'restart-policy-on',
  on: 'destination',
  about: "the container's own restart policy on the destination",
  do: async (move) => {
    const policy = move.plan.create.restartPolicy.Name;
    if (!isNo(policy)) await giveRestartPolicy(move.destination, destinationIdOf(move), move.plan);
    return { policy };
  },
};

function isNo(policy: string): boolean {
  return policy === 'no' || policy === '';
}

const collectEvidence: Step = {
  name: 'collect-evidence',
  on: 'both',
  about: "CRIU's logs and statistics, dockerd's log and events of the window",
  do: () => Promise.reject(new Error('the move brings its own way to collect')),
};

const removeSource: Step = {
  name: 'remove-source',
  on: 'source',
  about: 'docker rm -f of the paused source; its volumes stay',
  do: async (move) => {
    const { plan, source, found } = move;
    await silenceCopy(move, source).catch(() => {}); // its rules stand all the same
    await bounded(
      `docker rm -f on ${source.name}`,
      60_000,
      source.docker.getContainer(plan.container.id).remove({ force: true }),
    ).catch((cause) => {
      if (/no such container/i.test(messageOf(cause))) return; // a container with --rm is gone by itself
      const hint = `the destination is the live copy; on ${source.name}: docker rm -f ${plan.container.id.slice(0, 12)}`;
      throw new TransshipError('failed', messageOf(cause), hint, { cause });
    });
    const copied = plan.volumes.filter((volume) => volume.mode === 'copy' && volume.name !== null).map((volume) => volume.name);
    if (copied.length > 0)
      found.warnings.push(`volumes stay on ${source.name} as well: ${copied.join(', ')} (docker volume rm when you are sure)`);
    return undefined;
  },
};

export const removeCheckpoint: Step = {
  name: 'remove-checkpoint',
  on: 'destination',
  about: "the images in the destination's checkpoint folder",
  do: async (move) => {
    await forgetUndo(move);
    await deleteCheckpoint(move.destination, destinationIdOf(move), move.plan.checkpoint);
    await removeContainerdLeftovers(move.destination, destinationIdOf(move));
    return undefined;
  },
};

/** Before the freeze. */
export const commonPreparation = [transferImage, createDestination, copyLayer, copyVolumesLive, restartPolicyOff] as const;
/** After the commit: evidence first, as the source's checkpoint goes with its container. */
export const commonCleanup = [collectEvidence, restartPolicyOn, removeSource] as const;
