import type { ContainerInspectInfo } from 'dockerode';
import { type Allowed, type Finding, fail, ok } from './check.ts';
import type { Host } from './host.ts';

type Mount = ContainerInspectInfo['Mounts'][number];

/** Every volume and bind mount needs a word from the user; a tmpfs is in the dump. */
export async function volumesFinding(source: Host, inspect: ContainerInspectInfo, allowed: Allowed['volumes']): Promise<Finding> {
  const mounts = inspect.Mounts.filter((mount) => mount.Type === 'volume' || mount.Type === 'bind');
  if (mounts.length === 0) return ok('none');
  const list = mounts.map((mount) => `${mount.Destination} (${mount.Type} ${mount.Name ?? mount.Source})`).join(', ');
  const open = mounts.filter((mount) => !isDecided(mount, allowed));
  return open.length === 0 ? ok(list) : fail(`outside its layers: ${list}`, `add ${await volumesLine(source, mounts)}`);
}

function isDecided(mount: Mount, allowed: Allowed['volumes']): boolean {
  if (allowed === null || allowed === undefined) return false;
  return typeof allowed === 'string' || allowed.all !== null || allowed.byPlace[mount.Destination] !== undefined;
}

/** What can be copied is copied; a volume whose driver or options put it elsewhere is shared. */
async function volumesLine(source: Host, mounts: readonly Mount[]): Promise<string> {
  const modes = await Promise.all(
    mounts.map(async (mount) => ({ mount, mode: (await isElsewhere(source, mount)) ? 'shared' : 'copy' })),
  );
  const first = modes[0]?.mode;
  if (modes.every(({ mode }) => mode === first)) return `--volumes ${first}`;
  return `--volumes ${modes.map(({ mount, mode }) => `${mount.Destination}=${mode}`).join(',')}`;
}

async function isElsewhere(source: Host, mount: Mount): Promise<boolean> {
  if (mount.Type !== 'volume' || mount.Name === undefined) return false;
  const volume = await source.docker.getVolume(mount.Name).inspect();
  return volume.Driver !== 'local' || Object.keys(volume.Options ?? {}).length > 0;
}
