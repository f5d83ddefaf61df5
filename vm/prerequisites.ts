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

/** The same for virtual machines (qemu/debian-packages.txt). */
const vmPrograms: Readonly<Record<string, string>> = {
  cpio: 'cpio',
  depmod: 'kmod',
  'dpkg-deb': 'dpkg',
  mke2fs: 'e2fsprogs',
  'qemu-img': 'qemu-utils',
  'qemu-system-x86_64': 'qemu-system-x86',
};

function missingPrograms(programs: Readonly<Record<string, string>>): string[] {
  const folders = [...(process.env.PATH ?? '').split(':'), '/usr/sbin', '/sbin'];
  return Object.entries(programs)
    .filter(([program]) => !folders.some((folder) => existsSync(join(folder, program))))
    .map(([program, pkg]) => `no ${program} (Debian package ${pkg})`);
}

/** What makes a tree with Go, and builds in it. */
const buildPrograms: Readonly<Record<string, string>> = {
  'apt-get': 'apt',
  flock: 'util-linux',
  mmdebstrap: 'mmdebstrap',
  unshare: 'util-linux',
};

/** What virtual machines need besides what every set of test hosts does. */
export function missingForVms(): string[] {
  if (process.arch !== 'x64') return [`this is ${process.arch}; virtual machines are made on x64 alone`];
  const tun = existsSync('/dev/net/tun') ? [] : ['no /dev/net/tun, for their network'];
  return [...missingPrograms(vmPrograms), ...tun];
}

/** What a user's virtual machines are made with: nothing that needs rights, or namespaces. */
const userPrograms: Readonly<Record<string, string>> = {
  'apt-get': 'apt',
  flock: 'util-linux',
  mmdebstrap: 'mmdebstrap',
  socat: 'socat',
  ssh: 'openssh-client',
  'ssh-keygen': 'openssh-client',
  tar: 'tar',
  ...vmPrograms,
};

/** @throws TransshipError `not-ready` */
export function requireUserVms(): void {
  const place = process.platform === 'linux' ? [] : [`this is ${process.platform}; test hosts need Linux`];
  const machine = process.arch === 'x64' ? [] : [`this is ${process.arch}; virtual machines are made on x64 alone`];
  requireNothing('no virtual machines here', [...place, ...machine, ...missingPrograms(userPrograms)]);
}

/** What keeps test hosts from being made here, in the user's words; empty when nothing does. Looks first, then tries in small. */
export function missingForTestbed(): string[] {
  if (process.platform !== 'linux') return [`this is ${process.platform}; test hosts need Linux`];
  const missing = [
    ...(process.getuid?.() === 0 ? [] : ['test hosts need root (virtual machines do not: --kind vm)']),
    ...missingPrograms(programs),
  ];
  return missing.length > 0 ? missing : [...refusedByMachine()];
}

/** @throws TransshipError `not-ready` */
export function requireTestbed(): void {
  requireNothing('no test hosts here', missingForTestbed());
}

/** @throws TransshipError `not-ready` */
export function requireGoBuild(): void {
  const root = process.getuid?.() === 0 ? [] : ['building needs root, as it enters a tree of its own'];
  requireNothing('no Go toolchain can be made here', [...root, ...missingPrograms(buildPrograms)]);
}

/** @throws TransshipError `not-ready` */
export function requireQemu(): void {
  requireNothing('no virtual machines here', missingForVms());
}

function requireNothing(what: string, missing: readonly string[]): void {
  if (missing.length === 0) return;
  const packages = missing.flatMap((line) => /Debian package ([^)]+)/.exec(line)?.[1] ?? []);
  const elsewhere = 'run it as root on a Linux machine; in a container, a privileged one';
  const hint = packages.length > 0 ? `apt-get install ${[...new Set(packages)].join(' ')}` : elsewhere;
  throw new TransshipError('not-ready', `${what}: ${missing.join('; ')}`, hint);
}
