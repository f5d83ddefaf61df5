import { dirname } from 'node:path';
import type { VolumeInspectInfo } from 'dockerode';
import { TransshipError } from '../../error.ts';
import type { Host } from '../../hosts/host.ts';
import { quoteWord } from '../../hosts/link.ts';
import { isMadeBy, madeBy } from '../equal/made-by.ts';
import { missing } from '../equal/missing.ts';
import { type FolderSync, type FolderSynced, syncFolder } from './folder-sync.ts';
import type { PathToMake, VolumePlan, VolumeToMake } from './volumes-plan.ts';
import type { ContainerPair } from './writable-layer.ts';

/** By place in the container: what the live pass of each volume returned. */
export type VolumesSynced = Readonly<Record<string, FolderSynced>>;

/**
 * Makes volumes and folders, before the container is created (which would make them without their options and labels).
 * @throws TransshipError `not-ready` when one that is to be copied has come there since the plan was made: a copy would overwrite it
 */
export async function makeVolumes(destination: Host, plans: readonly VolumePlan[], checkpoint: string): Promise<void> {
  const tops: string[] = [];
  for (const plan of plans) {
    if (plan.make === null) continue;
    if (plan.make.kind === 'volume') await makeVolume(destination, { plan, make: plan.make, checkpoint });
    // of several mounts of one folder the first makes it
    else
      tops.push(await makePath(destination, { plan, make: plan.make, mayBeThere: tops.some((top) => isWithin(plan.from, top)) }));
  }
}

/** Removes what `makeVolumes` made; after the container has been removed. Anonymous volumes go with the container. */
export async function undoVolumes(destination: Host, plans: readonly VolumePlan[], checkpoint: string): Promise<void> {
  // Backwards: the first of several folders with one parent made that parent.
  for (const plan of [...plans].reverse()) {
    if (plan.make === null) continue;
    if (plan.make.kind === 'path') await removePath(destination, plan.from, plan.make);
    else await removeVolume(destination, plan.name ?? '', checkpoint);
  }
}

/** Removes what only `undoVolumes` would need, once nothing is undone any more. */
export async function keepVolumes(destination: Host, plans: readonly VolumePlan[]): Promise<void> {
  const marks = plans.flatMap(({ make }) => (make?.kind === 'path' ? [markFile(make)] : []));
  if (marks.length > 0) await destination.shell.run(`rm -f ${marks.join(' ')}`, { timeoutMs: 10_000 });
}

/** Copies the content of all that is to be copied. Once while the source runs, once after the freeze. */
export async function copyVolumes(pair: ContainerPair, plans: readonly VolumePlan[], pass: VolumesPass): Promise<VolumesSynced> {
  const done: Record<string, FolderSynced> = {};
  for (const [place, sync] of volumeSyncs(pair, plans, pass)) done[place] = await syncFolder(pair.route, sync);
  return done;
}

export interface VolumesPass {
  readonly pass: 'live' | 'frozen';
  readonly earlier?: VolumesSynced;
}

/** What a pass over the volumes copies, by place in the container. */
export function volumeSyncs(
  pair: ContainerPair,
  plans: readonly VolumePlan[],
  pass: VolumesPass,
): readonly (readonly [place: string, sync: FolderSync])[] {
  return plans
    .filter((plan) => plan.mode === 'copy')
    .map((plan) => {
      const to = pair.destination.Mounts.find((mount) => mount.Destination === plan.place)?.Source ?? plan.from;
      const earlier = pass.earlier?.[plan.place];
      const sync = { what: `volume ${plan.name ?? plan.from}`, from: plan.from, to, isFile: plan.isFile, pass: pass.pass };
      return [plan.place, earlier === undefined ? sync : { ...sync, earlier }] as const;
    });
}

interface Making<Make> {
  readonly plan: VolumePlan;
  readonly make: Make;
}

/** Docker takes a volume that is there for the one that it shall make, and says nothing: only the label tells. */
async function makeVolume(
  destination: Host,
  { plan, make, checkpoint }: Making<VolumeToMake> & { readonly checkpoint: string },
): Promise<void> {
  const name = plan.name ?? '';
  const options = { Driver: make.driver, DriverOpts: { ...make.options }, Labels: { ...make.labels, ...madeBy(checkpoint) } };
  const volume = await destination.docker.createVolume({ Name: name, ...options });
  if (plan.mode === 'copy' && !isMadeBy(checkpoint, await volume.inspect())) throw newcomer(destination, `volume ${name}`);
}

async function removeVolume(destination: Host, name: string, checkpoint: string): Promise<void> {
  const volume = destination.docker.getVolume(name);
  const found: VolumeInspectInfo | undefined = await volume.inspect().catch(missing);
  if (found !== undefined && isMadeBy(checkpoint, found)) await volume.remove().catch(missing);
}

function newcomer(destination: Host, what: string): TransshipError {
  return new TransshipError(
    'not-ready',
    `${destination.name}: ${what} has been made there by somebody else since the plan, and a copy would overwrite it`,
    'run the migration again: it says what can be done',
  );
}

function isWithin(path: string, top: string): boolean {
  return path === top || path.startsWith(`${top}/`);
}

// What was missing of the path is written down on the host, so that the undo needs nothing but the plan.
const markFile = (make: PathToMake) => `/run/transship/made-${make.mark}`;

const isThere = 17;

/** @returns the uppermost folder that was missing */
async function makePath(
  destination: Host,
  { plan, make, mayBeThere }: Making<PathToMake> & { readonly mayBeThere: boolean },
): Promise<string> {
  const path = quoteWord(plan.from);
  const mark = markFile(make);
  // Docker refuses to bind what isn't there, so a file is made too; its content comes with the copy.
  const command = plan.isFile ? `mkdir -p ${quoteWord(dirname(plan.from))} && : >>${path}` : `mkdir -p ${path}`;
  const made = await destination.shell.run(`${mayBeThere ? ':' : `[ ! -e ${path} ] || exit ${isThere}`}
mkdir -p -m 700 /run/transship && top=${path} || exit
while up=$(dirname "$top"); [ ! -e "$up" ]; do top=$up; done
printf %s "$top" >${mark} && ${command} && cat ${mark}`);
  if (made.exitCode === 0) return made.stdout;
  if (made.exitCode === isThere) throw newcomer(destination, plan.from);
  throw new TransshipError(
    'failed',
    `${destination.name}: ${plan.from} cannot be made: ${made.stderr.trim()}`,
    'put the data there by hand, and use --volumes shared for it',
  );
}

async function removePath(destination: Host, path: string, make: PathToMake): Promise<void> {
  const mark = markFile(make);
  await destination.shell.run(`[ -f ${mark} ] || exit 0
top=$(cat ${mark}); parent=$(dirname ${quoteWord(path)}); rm -rf ${quoteWord(path)}; rm -f ${mark}
while case $parent in "$top"|"$top"/*) true;; *) false;; esac; do rmdir "$parent" || exit; parent=$(dirname "$parent"); done`);
}
