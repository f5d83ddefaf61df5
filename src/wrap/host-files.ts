import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../evidence/run-folder.ts';

/** The scripts that run on Docker hosts: `src/wrap/host/NAME.sh` (`.pl`), each headed by what it does. */
export type HostFile =
  | 'runtime'
  | 'restore'
  | 'restore-watch'
  | 'links'
  | 'mark'
  | 'dump'
  | 'keep-log'
  | 'receive'
  | 'unpack'
  | 'network'
  | 'give-up'
  | 'criu'
  | 'tar'
  | 'uncork'
  | 'pre-dump'
  | 'address'
  | 'call'
  | 'tracefs'
  | 'watch'
  | 'notice'
  | 'hold-pages'
  | 'knock';

const inPerl: readonly HostFile[] = ['notice', 'hold-pages', 'knock'];

export function hostFile(name: HostFile): string {
  return readFileSync(join(packageRoot(), 'src/wrap/host', `${name}.${inPerl.includes(name) ? 'pl' : 'sh'}`), 'utf8');
}
