/**
 * What the test hosts and the workload image are made of: the one place for suites and versions.
 * A mirror keeps only the newest version of a package, so a suite and a least version are pinned, never an exact one.
 */
export const suites = { oldstable: 'bookworm', stable: 'trixie', testing: 'testing' } as const;
export type Suite = (typeof suites)[keyof typeof suites];

/** Taken from testing, all else from stable. */
interface FromTesting {
  readonly names: readonly string[];
  /** Least version of the first of them: the build of a root tree fails below it. */
  readonly least: string;
}

/** A host's first process. `systemd`: as on most people's hosts, with AppArmor; it needs a virtual machine. */
export type Init = 'tini' | 'systemd';

/** The Debian packages of a host, by where they come from; and the versions that this has had since it was written down. */
interface HostSet {
  readonly suite: Suite;
  readonly fromTesting: FromTesting | null;
  readonly init: Init;
  readonly docker: string;
  readonly containerd: string;
  readonly runc: string;
  readonly criu: string;
  readonly why: string;
}

/**
 * `debian13` takes CRIU from testing, as Debian 13's own 4.1.1 cannot dump a socket on kernels from 6.18
 * (`sockets: Can't get 1:16 opt`). The libraries are those whose version in stable is too old for it, named
 * one by one: `criu/testing` would also pull libnftables1 along, which then no longer fits stable's nftables.
 */
const newerCriu = { names: ['criu', 'libcompel1', 'libnet9', 'libnl-3-200'], least: '4.2.1' } as const;

export const hostSets = {
  debian13: {
    suite: suites.stable,
    fromTesting: newerCriu,
    init: 'tini',
    ...{ docker: '26.1.5', containerd: '1.7.24', runc: '1.1.15', criu: '4.2.1' },
    why: 'Debian 13 with CRIU from testing: what works on every kernel here',
  },
  'debian13-systemd': {
    suite: suites.stable,
    fromTesting: newerCriu,
    init: 'systemd',
    ...{ docker: '26.1.5', containerd: '1.7.24', runc: '1.1.15', criu: '4.2.1' },
    why: 'debian13, booted as real hosts are: systemd, AppArmor, limits (needs --kind vm)',
  },
  testing: {
    suite: suites.testing,
    fromTesting: null,
    init: 'tini',
    ...{ docker: '28.5.2', containerd: '2.1.9', runc: '1.3.6', criu: '4.2.1' },
    why: "Debian testing: Docker's own path restores the host network only",
  },
  'debian13-plain': {
    suite: suites.stable,
    fromTesting: null,
    init: 'tini',
    ...{ docker: '26.1.5', containerd: '1.7.24', runc: '1.1.15', criu: '4.1.1' },
    why: 'Debian 13 as it is',
  },
  debian12: {
    suite: suites.oldstable,
    fromTesting: null,
    init: 'tini',
    ...{ docker: '20.10.24', containerd: '1.6.20', runc: '1.1.5', criu: '3.17.1' },
    why: 'Debian 12 as it is',
  },
} as const satisfies Readonly<Record<string, HostSet>>;
export type PackageSet = keyof typeof hostSets;
export const packageSets = Object.keys(hostSets) as PackageSet[];

/** Sets whose sources `transship source` knows. */
export const sourceSets = ['debian13', 'testing'] as const satisfies readonly PackageSet[];
export type SourceSet = (typeof sourceSets)[number];

/** Debian packages of a host's root tree. tini is its first process: it reaps what dockerd's shims leave. */
const hostPackages = [
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

/** runc asks systemd for a container's scope by way of D-Bus; dockerd has apparmor_parser load the profile of containers. */
const systemdPackages = ['apparmor', 'dbus', 'systemd'] as const;
/** Debian 12 has the client within docker.io, and libcompel within criu. */
const notInDebian12: readonly string[] = ['docker-cli', 'libcompel1'];

export function packagesOf(set: PackageSet): readonly string[] {
  if (hostSets[set].init === 'systemd') return [...hostPackages, ...systemdPackages];
  return set === 'debian12' ? hostPackages.filter((name) => !notInDebian12.includes(name)) : hostPackages;
}

/** Packages of the workload image, all from stable. perl, not perl-base: the ticker needs Time::HiRes. */
export const workloadPackages = ['perl', 'redis-server', 'redis-tools'] as const;

/**
 * Kernels for virtual machines: Debian's cloud kernel, which has ext4 and NVMe built in (so no initrd) and soft-dirty. Each suite has
 * only its newest; testing's moves on, and was of the series that is named when this was written.
 */
export const kernels = {
  '6.1': { suite: suites.oldstable, series: '6.1' },
  '6.12': { suite: suites.stable, series: '6.12' },
  testing: { suite: suites.testing, series: '7.2' },
} as const satisfies Readonly<Record<string, { readonly suite: Suite; readonly series: string }>>;
export type KernelName = keyof typeof kernels;
export const kernelNames = Object.keys(kernels) as KernelName[];
export const defaultKernel: KernelName = '6.12';
export const kernelPackage = 'linux-image-cloud-amd64';

const bridgeOfDocker28 = 'restore on the bridge: Docker from 28 restores checkpoints on the host network only';

/** Pairs of kernel and set that were tried, on two networks (`transship matrix`, or migrations); of what is not listed nothing is known. */
export const tried: readonly { readonly kernel: KernelName; readonly set: PackageSet; readonly fails: string | null }[] = [
  { kernel: '6.1', set: 'debian12', fails: null },
  { kernel: '6.1', set: 'debian13', fails: null },
  { kernel: '6.1', set: 'debian13-plain', fails: null },
  { kernel: '6.1', set: 'testing', fails: bridgeOfDocker28 },
  { kernel: '6.12', set: 'debian12', fails: null },
  { kernel: '6.12', set: 'debian13', fails: null },
  { kernel: '6.12', set: 'debian13-plain', fails: null },
  { kernel: '6.12', set: 'debian13-systemd', fails: null },
  { kernel: '6.12', set: 'testing', fails: bridgeOfDocker28 },
  { kernel: 'testing', set: 'debian13', fails: null },
  { kernel: 'testing', set: 'testing', fails: bridgeOfDocker28 },
  { kernel: 'testing', set: 'debian12', fails: 'criu check: vdso: Unexpected rt vDSO area bounds' },
  {
    kernel: 'testing',
    set: 'debian13-plain',
    fails: "dump: sockets: Can't get 1:16 opt: Operation not supported; on the bridge: no UDP-Lite",
  },
];
