import type { VolumeInspectInfo } from 'dockerode';
import { TransshipError } from '../../error.ts';
import type { Host } from '../../hosts/host.ts';
import { quoteWord } from '../../hosts/link.ts';
import { type Inspect, nameOf } from '../equal/inspect.ts';
import { missing } from '../equal/missing.ts';
import type { VolumeMode } from './volumes-option.ts';

export type Mount = Inspect['Mounts'][number];

/** What lies outside the container's layers. A tmpfs does not: its content is in the checkpoint. */
export function outsideMounts(inspect: Inspect): readonly Mount[] {
  return inspect.Mounts.filter((mount) => mount.Type === 'volume' || mount.Type === 'bind');
}

/** What fits a mount: what can be copied is copied, what cannot is shared. */
export async function fittingMode(source: Host, mount: Mount): Promise<VolumeMode> {
  return (await uncopyable(source, mount)) === null ? 'copy' : 'shared';
}

/** The refusal of mounts that the user has said nothing of, with the `--volumes` line that fits. */
export async function undecided(source: Host, inspect: Inspect): Promise<TransshipError> {
  const mounts = outsideMounts(inspect);
  const list = mounts.map((mount) => `${mount.Destination} (${mount.Type} ${mount.Name ?? mount.Source})`).join(', ');
  return new TransshipError(
    'not-ready',
    `${source.name}: ${nameOf(inspect)} has ${mounts.length === 1 ? 'a volume' : 'volumes'} outside its layers: ${list}`,
    `add ${await volumesLine(source, mounts)} (copy: sent along; shared: the destination has the same data already)`,
  );
}

async function volumesLine(source: Host, mounts: readonly Mount[]): Promise<string> {
  const modes: [string, VolumeMode][] = [];
  for (const mount of mounts) modes.push([mount.Destination, await fittingMode(source, mount)]);
  const first = modes[0]?.[1];
  if (modes.every(([, mode]) => mode === first)) return `--volumes ${first}`;
  return `--volumes ${modes.map(([place, mode]) => `${place}=${mode}`).join(',')}`;
}

/** Why a mount cannot be copied; null when it can. */
export async function uncopyable(source: Host, mount: Mount): Promise<string | null> {
  if (mount.Type === 'volume') {
    const volume: VolumeInspectInfo | undefined = await source.docker
      .getVolume(mount.Name ?? '')
      .inspect()
      .catch(missing);
    if ((volume?.Driver ?? 'local') !== 'local') return `its driver is ${volume?.Driver}`;
    return Object.keys(volume?.Options ?? {}).length > 0 ? 'its options say where its data lies' : null;
  }
  const file = quoteWord(mount.Source);
  const kind = await source.shell.run(
    `[ -d ${file} ] || { stat -c %F ${file}; exit; }; stat -f -c %T ${file}; mountpoint -q / && [ ${file} = / ] && echo root`,
  );
  const words = kind.stdout.trim();
  // File systems of the kernel, by the names of stat(1).
  if (/^(?:proc|sysfs|cgroup2?fs|devpts|debugfs|tracefs|securityfs|bpf_fs|mqueue)$/m.test(words))
    return `it is the kernel's (${words})`;
  if (/^(?:socket|fifo|.* special file)$/m.test(words)) return `it is a ${words}`;
  if (/^(?:nfs4?|cifs|smb2?|ceph|fuseblk|v9fs)$/m.test(words)) return `it lies on ${words} already`;
  if (/^root$/m.test(words)) return 'it is the whole host';
  return null;
}
