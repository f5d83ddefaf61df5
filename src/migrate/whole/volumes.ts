import { dirname } from 'node:path';
import { TransshipError } from '../../error.ts';
import type { Host } from '../../hosts/host.ts';
import { quoteWord } from '../../hosts/link.ts';
import { missing } from '../equal/missing.ts';
import { type FolderSync, type FolderSynced, syncFolder } from './folder-sync.ts';
import type { PathToMake, VolumePlan, VolumeToMake } from './volumes-plan.ts';
import type { ContainerPair } from './writable-layer.ts';

/** By place in the container: what the live pass of each volume returned. */
export type VolumesSynced = Readonly<Record<string, FolderSynced>>;

/** Makes volumes and folders, before the container is created (which would make them without their options and labels). */
export async function makeVolumes(destination: Host, plans: readonly VolumePlan[]): Promise<void> {
  for (const plan of plans) {
    if (plan.make === null) continue;
    if (plan.make.kind === 'path') await makePath(destination, plan, plan.make);
    else await makeVolume(destination, plan.name ?? '', plan.make);
  }
}

/** Removes what `makeVolumes` made; after the container has been removed. Anonymous volumes go with the container. */
export async function undoVolumes(destination: Host, plans: readonly VolumePlan[]): Promise<void> {
  // Backwards: the first of several folders with one parent made that parent.
  for (const plan of [...plans].reverse()) {
    if (plan.make === null) continue;
    if (plan.make.kind === 'path') await removePath(destination, plan.from, plan.make);
    else
      await destination.docker
        .getVolume(plan.name ?? '')
        .remove()
        .catch(missing);
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

async function makeVolume(destination: Host, name: string, make: VolumeToMake): Promise<void> {
  await destination.docker.createVolume({
    Name: name,
    Driver: make.driver,
    DriverOpts: { ...make.options },
    Labels: { ...make.labels },
  });
}

// What was missing of the path is written down on the host, so that the undo needs nothing but the plan.
const markFile = (make: PathToMake) => `/run/transship/made-${make.mark}`;

async function makePath(destination: Host, plan: VolumePlan, make: PathToMake): Promise<void> {
  const path = quoteWord(plan.from);
  const mark = markFile(make);
  // Docker refuses to bind what isn't there, so a file is made too; its content comes with the copy.
  const command = plan.isFile ? `mkdir -p ${quoteWord(dirname(plan.from))} && : >>${path}` : `mkdir -p ${path}`;
  const made = await destination.shell.run(`mkdir -p -m 700 /run/transship && top=${path} || exit
while up=$(dirname "$top"); [ ! -e "$up" ]; do top=$up; done
printf %s "$top" >${mark} && ${command}`);
  if (made.exitCode === 0) return;
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
