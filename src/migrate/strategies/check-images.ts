import { TransshipError } from '../../error.ts';
import type { Move, Step } from '../step.ts';
import { checkpointFolder } from '../whole/checkpoint-images.ts';
import { changedImages, comparedBytes, type ImageSums, imageSums } from '../whole/image-sums.ts';
import { destinationIdOf } from './common.ts';

/**
 * CRIU's images have magic numbers and no checksums: it restores a wrong page as it is, and exits with 0. On its way all is protected by ssh or TLS; what
 * changes in memory or on a disk before CRIU has read it, nobody else would see. Looked at once the container goes on, and before the source may
 * go: it costs no downtime.
 */
export const checkImages: Step = {
  name: 'check-images',
  on: 'both',
  about: 'the images are on the destination what they are on the source: CRIU has no checksums',
  do: async (move) => {
    const { source, destination } = move;
    const [here, there] = await sumsOf(move);
    for (const [host, sums] of [
      [source, here],
      [destination, there],
    ] as const)
      if (sums === null) move.found.warnings.push(`whether the images have arrived right is not known: ${host.name} cannot say`);
    if (here === null || there === null) return undefined;
    const changed = changedImages(here, there);
    if (changed.length === 0) return { bytes: comparedBytes(here), images: here.size };
    throw new TransshipError(
      'failed',
      `${destination.name}: ${changed.join(', ')}: not what was written on ${source.name}`,
      `something changed it after CRIU had written it, in memory or on a disk: dmesg on ${source.name} and ${destination.name}`,
    );
  },
};

async function sumsOf(move: Move): Promise<readonly [ImageSums | null, ImageSums | null]> {
  const { source, destination, plan, found } = move;
  const ids = { from: plan.container.id, to: destinationIdOf(move) };
  const sums = async (host: Move['source'], id: string) => {
    const folder = found.direct === null ? checkpointFolder(host, id, plan.checkpoint) : `${found.direct.folder}/images`;
    const at = await Promise.resolve(folder).catch(() => null); // Docker knows where, and may be dead by now
    return at === null ? null : await imageSums(host, at, id === ids.from ? ids : null);
  };
  return await Promise.all([sums(source, ids.from), sums(destination, ids.to)]);
}
