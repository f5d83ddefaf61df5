import type { Step } from '../step.ts';
import { rewriteCgroupIds } from '../whole/cgroup-ids.ts';
import { checkpointFolder, copyCheckpoint } from '../whole/checkpoint-images.ts';
import { moveEarlierLog } from '../whole/earlier-log.ts';
import { copyVolumes } from '../whole/volumes.ts';
import { moveWritableLayer } from '../whole/writable-layer.ts';
import { addVolumeBytes, containerPair, destinationIdOf } from './common.ts';

/** What goes over the line while the container stands still: these four are in the downtime. */

export const copyImages: Step = {
  name: 'copy-images',
  on: 'both',
  about: "CRIU's images to the destination's checkpoint folder",
  standsStill: true,
  do: async (move) => {
    const ids = { sourceId: move.plan.container.id, destinationId: destinationIdOf(move) };
    move.found.imagesBytes = await copyCheckpoint(move.route, { ...ids, checkpoint: move.plan.checkpoint });
    return { bytes: move.found.imagesBytes };
  },
};

export const copyLayerChanges: Step = {
  name: 'copy-layer-changes',
  on: 'both',
  about: 'files that changed since the first copy of the writable layer, and the log',
  standsStill: true,
  do: async (move) => {
    const pair = await containerPair(move);
    const layer = await moveWritableLayer(pair, { pass: 'frozen', ...earlier(move.found.layer) });
    const log = await moveEarlierLog(pair, { pass: 'frozen', ...earlier(move.found.log) });
    const bytes = layer.bytes + (log?.bytes ?? 0);
    move.found.layerBytes += bytes;
    return { bytes, files: layer.files };
  },
};

function earlier<T>(synced: T | null): { readonly earlier?: T } {
  return synced === null ? {} : { earlier: synced };
}

export const rewriteIds: Step = {
  name: 'rewrite-cgroup-ids',
  on: 'destination',
  about: "the destination's container id in cgroup.img, so that docker pause, stats and limits act on it",
  standsStill: true,
  do: async (move) => {
    const destinationId = destinationIdOf(move);
    const images = await checkpointFolder(move.destination, destinationId, move.plan.checkpoint);
    const count = await rewriteCgroupIds(move.destination, { images, sourceId: move.plan.container.id, destinationId });
    return { ids: count };
  },
};

export const copyVolumeChanges: Step = {
  name: 'copy-volume-changes',
  on: 'both',
  about: 'what changed in the volumes since their first copy',
  standsStill: true,
  do: async (move) => {
    const pass = { pass: 'frozen', ...earlier(move.found.volumes) } as const;
    return { bytes: addVolumeBytes(move, await copyVolumes(await containerPair(move), move.plan.volumes, pass)) };
  },
};
