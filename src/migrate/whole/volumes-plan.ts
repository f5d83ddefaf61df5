import { randomBytes } from 'node:crypto';
import type { VolumeInspectInfo } from 'dockerode';
import { TransshipError } from '../../error.ts';
import type { Host } from '../../hosts/host.ts';
import { quoteWord } from '../../hosts/link.ts';
import { type Inspect, nameOf } from '../equal/inspect.ts';
import { missing } from '../equal/missing.ts';
import type { VolumeMode, VolumesOption } from './volumes-option.ts';

/** One mount of the container, and what is done for it; plain data, so that it can stand in the journal. */
export interface VolumePlan {
  readonly type: 'volume' | 'bind';
  /** Its place in the container. */
  readonly place: string;
  /** The folder on the source. */
  readonly from: string;
  /** The volume's name; null for a bind mount. */
  readonly name: string | null;
  /** No name was given: the destination's container gets one with a name of its own. */
  readonly isAnonymous: boolean;
  /** A bind mount of one file. */
  readonly isFile: boolean;
  readonly mode: VolumeMode;
  /** To be made on the destination before the container; null: nothing is to be made. */
  readonly make: VolumeToMake | PathToMake | null;
}

export interface VolumeToMake {
  readonly kind: 'volume';
  readonly driver: string;
  readonly options: Readonly<Record<string, string>>;
  readonly labels: Readonly<Record<string, string>>;
}

export interface PathToMake {
  readonly kind: 'path';
  /** Of this plan alone: only what was made under this mark is removed again. */
  readonly mark: string;
}

type Mount = Inspect['Mounts'][number];

/**
 * Reads only. A tmpfs is no volume: its content is in the checkpoint.
 * @throws TransshipError `not-ready`, with the exact `--volumes` line in its hint, when a mount's mode isn't given, or cannot be had.
 */
export async function planVolumes(
  pair: { source: Host; destination: Host },
  inspect: Inspect,
  option: VolumesOption,
): Promise<readonly VolumePlan[]> {
  const mounts = inspect.Mounts.filter((mount) => mount.Type === 'volume' || mount.Type === 'bind');
  const open = mounts.filter((mount) => modeOf(mount, option) === null);
  if (open.length > 0) throw await undecided(pair.source, inspect, mounts);
  const plans: VolumePlan[] = [];
  for (const mount of mounts) {
    const mode = modeOf(mount, option) as VolumeMode;
    plans.push(mount.Type === 'volume' ? await planVolume(pair, mount, mode, inspect) : await planBind(pair, mount, mode));
  }
  return plans;
}

/** The `--volumes` line that fits: what can be copied is copied, what cannot is shared. */
async function volumesLine(source: Host, inspect: Inspect): Promise<string | null> {
  const mounts = inspect.Mounts.filter((mount) => mount.Type === 'volume' || mount.Type === 'bind');
  if (mounts.length === 0) return null;
  const modes: [string, VolumeMode][] = [];
  for (const mount of mounts) modes.push([mount.Destination, (await uncopyable(source, mount)) === null ? 'copy' : 'shared']);
  const first = modes[0]?.[1];
  if (modes.every(([, mode]) => mode === first)) return `--volumes ${first}`;
  return `--volumes ${modes.map(([place, mode]) => `${place}=${mode}`).join(',')}`;
}

function modeOf(mount: Mount, option: VolumesOption): VolumeMode | null {
  return option.byPlace[mount.Destination] ?? option.all;
}

async function undecided(source: Host, inspect: Inspect, mounts: readonly Mount[]): Promise<TransshipError> {
  const list = mounts.map((mount) => `${mount.Destination} (${mount.Type} ${mount.Name ?? mount.Source})`).join(', ');
  return new TransshipError(
    'not-ready',
    `${source.name}: ${nameOf(inspect)} has ${mounts.length === 1 ? 'a volume' : 'volumes'} outside its layers: ${list}`,
    `add ${await volumesLine(source, inspect)} (copy: sent along; shared: the destination has the same data already)`,
  );
}

async function planVolume(
  pair: { source: Host; destination: Host },
  mount: Mount,
  mode: VolumeMode,
  inspect: Inspect,
): Promise<VolumePlan> {
  const name = mount.Name ?? '';
  const volume: VolumeInspectInfo | undefined = await pair.source.docker.getVolume(name).inspect().catch(missing);
  const isAnonymous = isAnonymousVolume(mount, inspect);
  const there = isAnonymous ? undefined : await pair.destination.docker.getVolume(name).inspect().catch(missing);
  const base = { type: 'volume', place: mount.Destination, from: mount.Source, name, isAnonymous, isFile: false, mode } as const;
  const own = {
    kind: 'volume',
    driver: volume?.Driver ?? 'local',
    options: volume?.Options ?? {},
    labels: volume?.Labels ?? {},
  } as const;
  const why = mode === 'copy' ? await uncopyable(pair.source, mount) : null;
  if (why !== null) throw cannotCopy(pair.source, mount, why);
  if (mode === 'copy' && there !== undefined)
    throw existsAlready(pair.destination, `volume ${name}`, mount, `docker volume rm ${name}`);
  // A volume with a driver or options says itself where its data lies: made alike, it is the same data.
  const isElsewhere = own.driver !== 'local' || Object.keys(own.options).length > 0;
  // An anonymous one would be a new, empty volume on the destination.
  if (mode === 'shared' && there === undefined && (!isElsewhere || isAnonymous))
    throw notShared(pair.destination, `volume ${name}`, mount);
  return { ...base, make: there === undefined && !isAnonymous ? own : null };
}

async function planBind(pair: { source: Host; destination: Host }, mount: Mount, mode: VolumeMode): Promise<VolumePlan> {
  const place = quoteWord(mount.Source);
  const isFile = (await pair.source.shell.run(`[ ! -d ${place} ]`)).exitCode === 0;
  const base = {
    type: 'bind',
    place: mount.Destination,
    from: mount.Source,
    name: null,
    isAnonymous: false,
    isFile,
    mode,
  } as const;
  if (mode === 'shared') {
    const found = await pair.destination.shell.run(`[ -e ${place} ]`);
    if (found.exitCode !== 0) throw notShared(pair.destination, mount.Source, mount);
    return { ...base, make: null };
  }
  const why = await uncopyable(pair.source, mount);
  if (why !== null) throw cannotCopy(pair.source, mount, why);
  const found = await pair.destination.shell.run(`[ -e ${place} ]`);
  if (found.exitCode === 0) throw existsAlready(pair.destination, mount.Source, mount, `mv ${mount.Source} ${mount.Source}.old`);
  return { ...base, make: { kind: 'path', mark: randomBytes(8).toString('hex') } };
}

/** Anonymous: Docker drew the name, and nothing of the container's options says it. */
function isAnonymousVolume(mount: Mount, inspect: Inspect): boolean {
  if (!/^[0-9a-f]{64}$/.test(mount.Name ?? '')) return false;
  const mounts = (inspect.HostConfig.Mounts ?? []) as unknown as readonly { Source?: string }[];
  const binds = inspect.HostConfig.Binds ?? [];
  return !binds.some((bind) => bind.startsWith(`${mount.Name}:`)) && !mounts.some((one) => one.Source === mount.Name);
}

/** Why a mount cannot be copied; null when it can. */
async function uncopyable(source: Host, mount: Mount): Promise<string | null> {
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

function cannotCopy(source: Host, mount: Mount, why: string): TransshipError {
  return new TransshipError(
    'not-ready',
    `${source.name}: ${mount.Source} (${mount.Destination} in the container) cannot be copied: ${why}`,
    `add --volumes ${mount.Destination}=shared`,
  );
}

function existsAlready(destination: Host, what: string, mount: Mount, command: string): TransshipError {
  return new TransshipError(
    'not-ready',
    `${destination.name}: ${what} is there already, and a copy would overwrite it`,
    `if it holds the container's data, use --volumes ${mount.Destination}=shared; if nobody needs it: ${command}`,
  );
}

function notShared(destination: Host, what: string, mount: Mount): TransshipError {
  return new TransshipError(
    'not-ready',
    `${destination.name}: ${what} is not there, so it is not shared`,
    `use --volumes ${mount.Destination}=copy, or put the data there first`,
  );
}
