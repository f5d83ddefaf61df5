import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import type { SetGroups } from './cgroup.ts';

/** Always the same: a guest that was saved knows its neighbour by it. Locally administered (the first number's second bit). */
const bridgeMac = '52:54:00:00:00:01';

/** Makes the wire: a bridge in a network namespace of its own, which lives by its pinned file. */
export async function makeWire(folder: string, address: string, groups: SetGroups): Promise<void> {
  const file = join(folder, 'wire');
  writeFileSync(file, '');
  await inMakeGroup(groups, ['unshare', `--net=${file}`, 'true']);
  const words = [
    'link set lo up',
    `link add wire address ${bridgeMac} type bridge`,
    `address add ${address} dev wire`,
    'link set wire up',
  ];
  for (const line of words) await onWire(folder, groups, line);
}

export async function onWire(folder: string, groups: SetGroups, line: string): Promise<void> {
  await inMakeGroup(groups, ['nsenter', `--net=${join(folder, 'wire')}`, 'ip', ...line.split(' ')]);
}

/** In the set's own cgroup: else it could outlive a killed `up`, and pin the namespace after `down` has looked. */
async function inMakeGroup(groups: SetGroups, words: readonly string[]): Promise<void> {
  const all = [...joining(groups), ...words];
  await execa(all[0] as string, all.slice(1), { timeout: 30_000 });
}

/** Words put before a command that `up` runs on its own behalf. */
export function joining(groups: SetGroups): readonly string[] {
  return ['sh', '-c', 'echo 0 >"$0/cgroup.procs" && exec "$@"', groups.make];
}
