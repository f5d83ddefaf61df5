import { randomBytes } from 'node:crypto';
import type { VolumeInspectInfo } from 'dockerode';
import { TransshipError } from '../../error.ts';
import type { Host } from '../../hosts/host.ts';
import { quoteWord } from '../../hosts/link.ts';
import type { Inspect } from '../equal/inspect.ts';
import { missing } from '../equal/missing.ts';
import { fittingMode, type Mount, outsideMounts, uncopyable, undecided } from './volumes-line.ts';
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

export interface VolumesExamined {
  /** Of the mounts that can be had. */
  readonly plans: readonly VolumePlan[];
  /** Why others cannot, each with what helps. */
  readonly problems: readonly TransshipError[];
}

/**
 * Reads only. A mount of which nothing was said is a problem, and is looked at as if the line that its hint gives had been given:
 * so all that is in the way is seen at once.
 */
export async function examineVolumes(
  pair: { source: Host; destination: Host | null },
  inspect: Inspect,
  option: VolumesOption,
): Promise<VolumesExamined> {
  const { source, destination } = pair;
  const mounts = outsideMounts(inspect);
  const problems: TransshipError[] = [];
  const plans: VolumePlan[] = [];
  if (mounts.some((mount) => modeOf(mount, option) === null)) problems.push(await undecided(source, inspect));
  if (destination === null) return { plans, problems };
  for (const mount of mounts) {
    const mode = modeOf(mount, option) ?? (await fittingMode(source, mount));
    try {
      plans.push(await planMount({ source, destination }, { mount, mode, inspect }));
    } catch (error) {
      if (!(error instanceof TransshipError)) throw error;
      problems.push(error);
    }
  }
  return { plans, problems };
}

/** @throws TransshipError `not-ready`, the first problem */
export async function planVolumes(
  pair: { source: Host; destination: Host },
  inspect: Inspect,
  option: VolumesOption,
): Promise<readonly VolumePlan[]> {
  const { plans, problems } = await examineVolumes(pair, inspect, option);
  if (problems[0] !== undefined) throw problems[0];
  return plans;
}

function modeOf(mount: Mount, option: VolumesOption): VolumeMode | null {
  return option.byPlace[mount.Destination] ?? option.all;
}

interface Pair {
  readonly source: Host;
  readonly destination: Host;
}

interface Decided {
  readonly mount: Mount;
  readonly mode: VolumeMode;
  readonly inspect: Inspect;
}

async function planMount(pair: Pair, decided: Decided): Promise<VolumePlan> {
  return decided.mount.Type === 'volume' ? await planVolume(pair, decided) : await planBind(pair, decided);
}

async function planVolume(pair: Pair, { mount, mode, inspect }: Decided): Promise<VolumePlan> {
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

async function planBind(pair: Pair, { mount, mode }: Decided): Promise<VolumePlan> {
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
