import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { TransshipError } from '../src/error.ts';
import { refusedByMachine } from './namespace-probe.ts';

/** Program → Debian package that brings it (all in debian-packages.txt). */
const programs: Readonly<Record<string, string>> = {
  'apt-get': 'apt',
  flock: 'util-linux',
  ip: 'iproute2',
  mmdebstrap: 'mmdebstrap',
  nsenter: 'util-linux',
  socat: 'socat',
  ssh: 'openssh-client',
  'ssh-keygen': 'openssh-client',
  tar: 'tar',
  unshare: 'util-linux',
};

/** What keeps test hosts from being made here, in the user's words; empty when nothing does. Looks first, then tries in small. */
export function missingForTestbed(): string[] {
  if (process.platform !== 'linux') return [`this is ${process.platform}; test hosts need Linux`];
  const missing: string[] = [];
  if (process.getuid?.() !== 0) missing.push('test hosts need root');
  const folders = [...(process.env.PATH ?? '').split(':'), '/usr/sbin', '/sbin'];
  for (const [program, pkg] of Object.entries(programs))
    if (!folders.some((folder) => existsSync(join(folder, program)))) missing.push(`no ${program} (Debian package ${pkg})`);
  return missing.length > 0 ? missing : [...refusedByMachine()];
}

/** @throws TransshipError `not-ready` */
export function requireTestbed(): void {
  const missing = missingForTestbed();
  if (missing.length === 0) return;
  const packages = missing.flatMap((line) => /Debian package ([^)]+)/.exec(line)?.[1] ?? []);
  const elsewhere = 'run it as root on a Linux machine; in a container, a privileged one';
  const hint = packages.length > 0 ? `apt-get install ${[...new Set(packages)].join(' ')}` : elsewhere;
  throw new TransshipError('not-ready', `no test hosts here: ${missing.join('; ')}`, hint);
}

/** @throws TransshipError `not-ready` */
export function requireRoot(): void {
  if (process.getuid?.() === 0) return;
  throw new TransshipError('not-ready', 'test hosts need root', 'run it as root: sudo -E transship testbed …');
}
