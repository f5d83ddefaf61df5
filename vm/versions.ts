/**
 * What the test hosts and the workload image are made of: the one place for suites and versions.
 * A mirror keeps only the newest version of a package, so a suite and a least version are pinned, never an exact one.
 */
export const suites = { stable: 'trixie', testing: 'testing' } as const;

/** `debian13`: Docker 26, containerd 1.7, runc 1.1. `testing`: whatever Debian testing has (Docker 28, containerd 2.1, runc 1.3 or later). */
export const packageSets = ['debian13', 'testing'] as const;
export type PackageSet = (typeof packageSets)[number];

/** Debian packages of a host's root tree. tini is its first process: it reaps what dockerd's shims leave. */
export const hostPackages = [
  'containerd',
  'criu',
  'docker-cli',
  'docker.io',
  'iproute2',
  'iptables',
  'kmod',
  'libcompel1',
  'nftables',
  'openssh-client',
  'openssh-server',
  'procps',
  'rsync',
  'runc',
  'tar',
  'tini',
  'zstd',
] as const;

/**
 * Taken from testing, all else from stable: Debian 13's CRIU 4.1.1 cannot dump a socket on kernels from 6.18
 * (`sockets: Can't get 1:16 opt`). The libraries are those whose version in stable is too old for it, named
 * one by one: `criu/testing` would also pull libnftables1 along, which then no longer fits stable's nftables.
 */
export const fromTesting = ['criu', 'libcompel1', 'libnet9', 'libnl-3-200'] as const;

/** Below this the hosts cannot checkpoint what we migrate; the build of a root tree fails then. */
export const leastCriu = '4.2.1';

/** Packages of the workload image, all from stable. perl, not perl-base: the ticker needs Time::HiRes. */
export const workloadPackages = ['perl', 'redis-server', 'redis-tools'] as const;
