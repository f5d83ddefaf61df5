import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, parse } from 'node:path';
import { packageRoot } from '../src/evidence/run-folder.ts';

export interface HostPlan {
  readonly name: string;
  readonly address: string;
  readonly prefixLength: number;
  /** On disk: all that is the host's own. */
  readonly data: string;
  /** In it: the host's own layer, laid over the root tree. */
  readonly upper: string;
}

/**
 * Fills the host's own layer with what differs from the shared root tree.
 * @param wayIn address of its second card, where it has one
 */
export function prepareLayer(plan: HostPlan, all: readonly HostPlan[], wayIn: string | null): void {
  for (const folder of ['etc/testbed', 'etc/criu', 'usr/local/sbin']) mkdirSync(join(plan.upper, folder), { recursive: true });
  const source = join(packageRoot(), 'vm/host');
  for (const name of ['init.sh', 'network.sh', 'ready.sh', 'vm-boot.sh', 'sshd_config'])
    copyFileSync(join(source, name), join(plan.upper, 'etc/testbed', name));
  copyFileSync(join(source, 'runc.conf'), join(plan.upper, 'etc/criu/runc.conf'));
  for (const program of ['start-dockerd.sh', 'docker-answers.pl'])
    writeFileSync(join(plan.upper, 'usr/local/sbin', parse(program).name), readFileSync(join(source, program)), { mode: 0o755 });
  const calls = join(plan.upper, 'usr/local/lib/testbed/calls');
  mkdirSync(calls, { recursive: true });
  const wrapper = readFileSync(join(packageRoot(), 'src/wrap/host/call.sh'));
  // each a file of its own: the wrapper looks for another one of its name
  for (const program of ['runc', 'criu', 'containerd-shim-runc-v2'])
    writeFileSync(join(calls, program), wrapper, { mode: 0o755 });
  writeFileSync(join(plan.upper, 'etc/hostname'), `${plan.name}\n`);
  const names = all.map((host) => `${host.address} ${host.name}\n`).join('');
  writeFileSync(join(plan.upper, 'etc/hosts'), `127.0.0.1 localhost\n${names}`);
  if (wayIn !== null) writeFileSync(join(plan.upper, 'etc/testbed/way-in'), `${wayIn}\n`);
  writeFileSync(join(plan.upper, 'etc/resolv.conf'), ''); // no way out, so no waiting for name servers
}
