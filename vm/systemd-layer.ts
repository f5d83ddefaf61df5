import { createHash } from 'node:crypto';
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../src/evidence/run-folder.ts';
import type { HostPlan } from './host-layer.ts';

/** What a host has that boots systemd: its units, which of Debian's it does without, and an identity, so that no boot is its first. */
export function addSystemd({ name, address, upper }: HostPlan): void {
  const source = join(packageRoot(), 'vm/host');
  cpSync(join(source, 'systemd/etc'), join(upper, 'etc'), { recursive: true });
  cpSync(join(source, 'systemd-boot.sh'), join(upper, 'etc/testbed/systemd-boot.sh'));
  // an empty file masks a unit (man 5 systemd.unit), and so it does a generator (man 7 systemd.generator)
  mask(join(source, 'systemd/masked'), join(upper, 'etc/systemd/system'));
  mask(join(source, 'systemd/masked-generators'), join(upper, 'etc/systemd/system-generators'));
  // not by chance: a saved state is found by what is in this layer
  const id = createHash('sha256').update(`${name} ${address}`).digest('hex').slice(0, 32);
  writeFileSync(join(upper, 'etc/machine-id'), `${id}\n`);
}

/** @param list names, one a line, and comments */
function mask(list: string, folder: string): void {
  mkdirSync(folder, { recursive: true });
  const names = readFileSync(list, 'utf8').split('\n');
  for (const name of names.filter((line) => line !== '' && !line.startsWith('#'))) writeFileSync(join(folder, name), '');
}
