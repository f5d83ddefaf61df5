import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../evidence/run-folder.ts';

/** As `docker info` and a container's HostConfig name it. */
export const runtimeName = 'transship';

type HostFile = 'runtime' | 'restore' | 'mark' | 'dump' | 'receive' | 'unpack' | 'give-up';

/** The text of a script that runs on a host. */
export function hostFile(name: HostFile): string {
  return readFileSync(join(packageRoot(), 'src/wrap/host', `${name}.sh`), 'utf8');
}
