import { quoteWord } from '../../hosts/link.ts';
import { dockerRootFolder } from './docker-root.ts';
import type { Route } from './route.ts';
import { sendStream } from './stream.ts';

export interface CheckpointCopy {
  readonly sourceId: string;
  readonly destinationId: string;
  readonly checkpoint: string;
}

/**
 * Where `docker start --checkpoint` looks for a checkpoint; `--checkpoint-dir` is refused by Docker for a start.
 * (moby daemon/checkpoint.go, `getCheckpointDir`.)
 */
export async function checkpointFolder(
  host: Parameters<typeof dockerRootFolder>[0],
  id: string,
  checkpoint: string,
): Promise<string> {
  return `${await dockerRootFolder(host)}/containers/${id}/checkpoints/${checkpoint}`;
}

/**
 * Copies a checkpoint's images to the destination's container. In the downtime, so: one pipe, no compression, no sync to disk.
 * @returns the bytes of the images at the destination
 * @throws TransshipError `failed` when either host cannot do it; a half copy is removed.
 */
export async function copyCheckpoint(route: Route, copy: CheckpointCopy): Promise<number> {
  const from = quoteWord(await checkpointFolder(route.source, copy.sourceId, copy.checkpoint));
  const to = quoteWord(await checkpointFolder(route.destination, copy.destinationId, copy.checkpoint));
  const moved = await sendStream(route, {
    what: `checkpoint ${copy.checkpoint}`,
    produce: `tar -C ${from} -cf - .`,
    consume: `umask 077; mkdir -p ${to} && tar -C ${to} -xpf - && cat >/dev/null && find ${to} -type f -printf "%s\\n" || { rm -rf ${to}; exit 1; }`,
  });
  return moved.output
    .split('\n')
    .filter((line) => line !== '')
    .reduce((sum, line) => sum + Number(line), 0);
}
