import type { ContainerInspectInfo } from 'dockerode';
import type { Host } from './host.ts';

/** What is written into a folder of a host during a move. */
export interface DiskNeed {
  /** Null: Docker's root. It need not exist yet. */
  readonly folder: string | null;
  readonly bytes: number;
}

/** What a move takes of one host. */
export interface Need {
  /** To be held in memory there; null when it is not known, or none is needed. */
  readonly memoryBytes: number | null;
  readonly disk: readonly DiskNeed[];
}

/** What is sent along beside memory and the writable layer. */
export interface Brought {
  /** Of an image that the destination lacks; 0: it is there. */
  readonly imageBytes: number;
  /** Volumes and bind mounts that are copied, by their place on the destination. */
  readonly volumes: readonly DiskNeed[];
  /** The memory goes to disk, by Docker's own path. */
  readonly isThroughDocker: boolean;
}

export interface ContainerSize {
  /** Resident memory of its processes; null when `docker top` does not tell. */
  readonly memoryBytes: number | null;
  readonly layerBytes: number;
}

/** Resident memory by `docker top`, and the size of the writable layer. */
export async function sizeOf(host: Host, { Id }: ContainerInspectInfo): Promise<ContainerSize> {
  const container = host.docker.getContainer(Id);
  const [top, sized] = await Promise.all([
    container.top({ ps_args: '-eo pid,rss' }).catch(() => null),
    // @types/dockerode does not know `size`.
    container.inspect({ size: true } as object).catch(() => null),
  ]);
  const rows: readonly string[][] | null = top?.Processes ?? null;
  const layerBytes = (sized as { SizeRw?: number } | null)?.SizeRw ?? 0;
  return { memoryBytes: rows === null ? null : rows.reduce((sum, row) => sum + Number(row[1]) * 1024, 0), layerBytes };
}

/** Pure. What both hosts must have room for. */
export function needsOf(
  { memoryBytes, layerBytes }: ContainerSize,
  { imageBytes, volumes, isThroughDocker }: Brought,
): { readonly source: Need; readonly destination: Need } {
  const images = isThroughDocker && memoryBytes !== null ? dumpOnDisk(memoryBytes) : [];
  // `docker load` has the image twice until it is unpacked; that is over before anything else comes.
  const rest = layerBytes + images.filter(({ folder }) => folder === null).reduce((sum, { bytes }) => sum + bytes, 0);
  const root = { folder: null, bytes: imageBytes + Math.max(imageBytes, rest) };
  const destination = [root, ...images.filter(({ folder }) => folder !== null), ...volumes];
  return { source: { memoryBytes: null, disk: images }, destination: { memoryBytes, disk: destination } };
}

/**
 * On both hosts, at one time: the images in a temporary folder (containerd services/tasks/local.go, `ctrd-checkpoint`), the tar of them
 * in the content store, and the images in the container's checkpoint folder (moby daemon/checkpoint.go).
 */
function dumpOnDisk(memoryBytes: number): readonly DiskNeed[] {
  return [
    { folder: '/tmp', bytes: memoryBytes },
    { folder: null, bytes: 2 * memoryBytes },
  ];
}
