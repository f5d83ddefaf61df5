import { createHash } from 'node:crypto';
import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../src/evidence/run-folder.ts';
import type { HostPlan } from './host-layer.ts';

/** What a host has that boots systemd: its units, which of Debian's it does without, and an identity, so that no boot is its first. */
export function addSystemd({ name, address, upper }: HostPlan): void {
  const source = join(packageRoot(), 'vm/host');
  cpSync(join(source, 'systemd/etc'), join(upper, 'etc'), { recursive: true });
  cpSync(join(source, 'systemd-boot.sh'), join(upper, 'etc/testbed/systemd-boot.sh'));
  const masked = readFileSync(join(source, 'systemd/masked'), 'utf8').split('\n');
  // an empty file masks a unit (man 5 systemd.unit)
  for (const unit of masked.filter((line) => line !== '' && !line.startsWith('#')))
    writeFileSync(join(upper, 'etc/systemd/system', unit), '');
  // not by chance: a saved state is found by what is in this layer
  const id = createHash('sha256').update(`${name} ${address}`).digest('hex').slice(0, 32);
  writeFileSync(join(upper, 'etc/machine-id'), `${id}\n`);
}
