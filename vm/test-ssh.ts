import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { ipv6Of } from './ipv6.ts';

export interface SshHost {
  readonly name: string;
  readonly address: string;
  /** Root of the host's own layer. */
  readonly upper: string;
}

export interface SshWay {
  /** A connection is given up after it, in seconds. */
  readonly limitS: number;
  /** From here to a host. */
  readonly proxyCommand: string;
}

/** Keys for a set, made on the spot: one for its users, one for each host; each host is known by its key to all. */
export async function makeSsh(folder: string, hosts: readonly SshHost[], way: SshWay): Promise<void> {
  const { limitS } = way;
  const userKey = join(folder, 'id_ed25519');
  await makeKey(userKey, 'transship-testbed');
  const known: string[] = [];
  for (const host of hosts) {
    const key = join(host.upper, 'etc/testbed/ssh_host_ed25519_key');
    await makeKey(key, host.name);
    known.push(`${host.name},${host.address},${ipv6Of(host.address)} ${readFileSync(`${key}.pub`, 'utf8').trim()}\n`);
  }
  writeFileSync(join(folder, 'known_hosts'), known.join(''));
  mkdirSync(join(folder, 'm'), { mode: 0o700 });
  writeFileSync(join(folder, 'ssh_config'), hosts.map((host) => clientEntry(folder, host, way)).join('\n'));
  for (const host of hosts) letIn(host, userKey, { known: known.join(''), limitS });
}

/** Hosts that were saved have theirs. */
async function makeKey(file: string, comment: string): Promise<void> {
  if (existsSync(file)) return;
  await execa('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', comment, '-f', file], { timeout: 30_000 });
}

function clientEntry(folder: string, host: SshHost, { limitS, proxyCommand }: SshWay): string {
  return `Host ${host.name}
  HostName ${host.address}
  User root
  IdentityFile ${folder}/id_ed25519
  IdentitiesOnly yes
  BatchMode yes
  StrictHostKeyChecking yes
  UserKnownHostsFile ${folder}/known_hosts
  GlobalKnownHostsFile /dev/null
  ProxyCommand ${proxyCommand}
  ControlMaster auto
  ControlPath ${folder}/m/%n
  ControlPersist 60
  ConnectTimeout ${limitS}
`;
}

/** Root of each host may log in to the other, with the same key and the same known hosts. */
function letIn(host: SshHost, userKey: string, { known, limitS }: { known: string; limitS: number }): void {
  const folder = join(host.upper, 'root/.ssh');
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  chmodSync(join(host.upper, 'root'), 0o700);
  writeFileSync(join(folder, 'authorized_keys'), readFileSync(`${userKey}.pub`), { mode: 0o600 });
  writeFileSync(join(folder, 'id_ed25519'), readFileSync(userKey), { mode: 0o600 });
  writeFileSync(join(folder, 'known_hosts'), known);
  writeFileSync(join(folder, 'config'), `StrictHostKeyChecking yes\nBatchMode yes\nConnectTimeout ${limitS}\n`);
}
