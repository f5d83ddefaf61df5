import type { ContainerInspectInfo } from 'dockerode';
import { TransshipError } from '../../error.ts';
import type { Host } from '../../hosts/host.ts';
import { quoteWord } from '../../hosts/link.ts';
import { type FolderSync, type FolderSynced, syncFolder } from './folder-sync.ts';
import type { Route } from './route.ts';

export interface ContainerPair {
  readonly route: Route;
  /** `docker inspect` of both; the destination's container is created and not started. */
  readonly source: ContainerInspectInfo;
  readonly destination: ContainerInspectInfo;
}

export interface MovePass {
  readonly pass: 'live' | 'frozen';
  /** What the live pass returned. */
  readonly earlier?: FolderSynced;
}

// overlayfs.rst, "trusted.overlay." xattrs. These name inodes or file handles of the source's disk, or count there; on another
// disk they are wrong, without them overlayfs looks the files up by name. Kept: opaque, redirect, metacopy (what the layer says).
const placeBound = ['origin', 'impure', 'nlink', 'upper', 'uuid'];
const withoutPlaceBound = placeBound.map((name) => `--filter=-x trusted.overlay.${name}`);

// In a dump CRIU makes a folder there for a moment, to open a mount on top of which there is another (get_clean_mnt, criu/mount.c).
const criusOwn = ['/cr-tmpfs.??????', '/tmp/cr-tmpfs.??????'].map((name) => `--exclude=${name}`);

/**
 * Makes the writable layer of the destination's container equal to the source's: files, owners, modes, times, xattrs,
 * hard links, sparse files, whiteouts (character devices 0:0) and opaque directories. The first pass while the source runs
 * takes the bulk, the one after the freeze only what changed.
 * @throws TransshipError `not-ready` when a container isn't on overlay2 or the destination's is mounted; `failed` otherwise.
 */
export async function moveWritableLayer(pair: ContainerPair, pass: MovePass): Promise<FolderSynced> {
  await refuseMounted(pair.route.destination, pair.destination);
  return await syncFolder(pair.route, layerSync(pair, pass));
}

/** @throws TransshipError `not-ready` when a container isn't on overlay2. */
export function layerSync({ route, source, destination }: ContainerPair, pass: MovePass): FolderSync {
  const from = upperFolder(route.source, source);
  const to = upperFolder(route.destination, destination);
  return { what: 'the writable layer', from, to, options: [...withoutPlaceBound, ...criusOwn], ...pass };
}

interface GraphDriver {
  readonly Name: string;
  readonly Data: Readonly<Record<string, string>> | null;
}

/** Where overlay2 keeps what a container wrote. */
export function upperFolder(host: Host, inspect: ContainerInspectInfo): string {
  const driver = inspect.GraphDriver as unknown as GraphDriver | undefined; // absent with the containerd image store
  const folder = driver?.Data?.UpperDir;
  if (driver?.Name !== 'overlay2' || folder === undefined) {
    throw new TransshipError(
      'not-ready',
      `${host.name}: the container's storage driver is ${driver?.Name ?? 'unknown'}, and only overlay2's writable layer can be moved`,
      'set "storage-driver": "overlay2" in daemon.json (without the containerd image store), and make the container anew',
    );
  }
  return folder;
}

/** Changes below a mounted overlay are undefined (overlayfs.rst), so a container that somebody started is left alone. */
async function refuseMounted(host: Host, inspect: ContainerInspectInfo): Promise<void> {
  const merged = (inspect.GraphDriver.Data as unknown as Record<string, string>).MergedDir ?? '';
  const found = await host.shell.run(`grep -qF ${quoteWord(` ${merged} `)} /proc/self/mountinfo`);
  if (found.exitCode !== 0) return;
  throw new TransshipError(
    'not-ready',
    `${host.name}: the writable layer of ${inspect.Name.slice(1)} is mounted, so nothing can be copied into it`,
    'stop the container on the destination first: its files may not change below it',
  );
}
