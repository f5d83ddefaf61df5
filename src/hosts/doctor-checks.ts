import { dockerLimit } from './broken-combinations.ts';
import { type Check, type Finding, type HostSubject, isDirect, ok, warn } from './check.ts';
import { measureClock } from './clock-offset.ts';
import { kernelOptionsFinding } from './kernel-options.ts';
import { lazyPipeBytes, readPipeSize } from './pipe-size.ts';
import { hugePagesFinding } from './pre-copy-checks.ts';
import { formatBytes } from './sizes.ts';

/** `criu check --feature NAME`, criu/cr-check.c feature_list: what CRIU uses where it is there. */
const features = [
  ...['clone3_set_tid', 'pidfd_store', 'timens', 'get_rseq_conf', 'external_net_ns', 'move_mount_set_group', 'openat2'],
  ...['nftables', 'network_lock_nftables', 'pagemap_scan', 'compat_cr'],
];
/** A program that waits for a moment sees the wall clock jump by as much when it moves. */
const clockAwryMs = 100;

/** What a host is and has, beside what `migrate` refuses: `doctor` alone asks for it. */
export const doctorChecks: readonly Check<HostSubject>[] = [
  {
    name: 'kernel',
    why: 'CRIU follows it closely: what a version can do depends on both',
    hint: 'none of the known ones is bad in itself',
    probe: ({ facts }) => ok(`${facts.kernel ?? 'unknown'}, ${facts.architecture ?? 'unknown'}, ${facts.os ?? 'unknown system'}`),
  },
  {
    name: 'kernel-options',
    why: 'a kernel that was built without them tells CRIU too little',
    hint: 'boot a kernel that has them',
    probe: async ({ host }) => {
      const read =
        'zcat /proc/config.gz 2>/dev/null || cat "/boot/config-$(uname -r)" "/lib/modules/$(uname -r)/config" 2>/dev/null';
      return kernelOptionsFinding((await host.shell.run(`(${read}) | grep '^CONFIG_[A-Z0-9_]*=[ym]$'`)).stdout);
    },
  },
  feature(
    'userfaultfd',
    'uffd-noncoop',
    'post-copy and hybrid fetch memory by it',
    'a kernel with CONFIG_USERFAULTFD; the other strategies do without',
  ),
  feature(
    'soft-dirty',
    'mem_dirty_track',
    'the rounds of pre-copy and hybrid need to know what has changed',
    'a kernel with CONFIG_MEM_SOFT_DIRTY; the other strategies do without',
  ),
  {
    name: 'criu-features',
    why: 'CRIU goes another, mostly slower way around what a kernel lacks',
    hint: 'criu check --all names them',
    probe: async ({ host, facts }) => {
      if (facts.versions.criu === null) return null;
      const each = `for f in ${features.join(' ')}; do said=$(criu check --feature $f 2>&1) && echo "+$f" ||
        case $said in *'Unknown feature'*) ;; *) echo "-$f";; esac; done`;
      return featuresFinding((await host.shell.run(each)).stdout);
    },
  },
  {
    name: 'huge-pages',
    why: 'the kernel counts a changed huge page as one: each write then sends 512 pages in every round of pre-copy',
    hint: 'echo madvise >/sys/kernel/mm/transparent_hugepage/enabled, before the container starts; only pre-copy and hybrid mind',
    probe: async ({ host }) =>
      hugePagesFinding((await host.shell.run('cat /sys/kernel/mm/transparent_hugepage/enabled 2>/dev/null')).stdout),
  },
  {
    name: 'pipe-size',
    why: 'post-copy holds pages in pipes, and without CAP_SYS_RESOURCE none may be larger than fs.pipe-max-size',
    hint: `sysctl -w fs.pipe-max-size=${lazyPipeBytes}; only post-copy and hybrid mind`,
    probe: async ({ host }) => {
      const { isFree, maxBytes } = await readPipeSize(host);
      const found = `fs.pipe-max-size ${formatBytes(maxBytes)}`;
      if (isFree) return ok(`${found}, and root may go beyond (CAP_SYS_RESOURCE)`);
      return maxBytes < lazyPipeBytes ? warn(found) : ok(found);
    },
  },
  {
    name: 'cgroup-version',
    why: 'a container moves between hosts of the same version only',
    hint: 'boot with systemd.unified_cgroup_hierarchy=1',
    probe: ({ facts, info }) =>
      info === null ? null : ok(`version ${facts.cgroupVersion ?? 'unknown'}, driver ${info.CgroupDriver}`),
  },
  {
    name: 'runtimes',
    why: 'crun and runc dump by CRIU, others (gVisor, Kata) in their own way or not at all',
    hint: 'start the container with --runtime runc',
    probe: ({ info }) => (info === null ? null : runtimesFinding(info.DefaultRuntime, Object.keys(info.Runtimes))),
  },
  {
    name: 'docker-restore',
    why: 'Docker from 28 sets up the network of a container before its process exists',
    hint: 'the other strategies do not go that way: transship wrap install, then --strategy diskless or post-copy',
    probe: ({ facts: { versions }, allowed }) => {
      if (versions.docker === null || isDirect(allowed)) return null;
      const limit = dockerLimit(versions);
      return limit === null ? ok(`Docker ${versions.docker}: any network`) : warn(limit);
    },
  },
  {
    name: 'clock',
    why: "a container's wall clock jumps by what two hosts' clocks are apart",
    hint: 'let both hosts keep time by the same servers: chronyc tracking, timedatectl timesync-status',
    probe: async ({ host }) => {
      const { offsetNs, boundNs } = await measureClock(host, 'before');
      return clockFinding(Number(offsetNs) / 1e6, Number(boundNs) / 1e6);
    },
  },
];

/** @param told a line each of those that this CRIU knows: `+NAME` the kernel has it, `-NAME` it has not */
export function featuresFinding(told: string): Finding {
  const lines = told.split('\n').filter((line) => line !== '');
  const missing = lines.filter((line) => line.startsWith('-')).map((line) => line.slice(1));
  const found = `${lines.length - missing.length} of ${lines.length} optional ones`;
  return ok(missing.length === 0 ? found : `${found}; not ${missing.join(', ')}`);
}

function feature(name: string, criuName: string, why: string, hint: string): Check<HostSubject> {
  return {
    ...{ name, why, hint },
    probe: async ({ host, facts }) => {
      if (facts.versions.criu === null) return null;
      const { exitCode } = await host.shell.run(`criu check --feature ${criuName}`);
      return exitCode === 0 ? ok('there') : warn(`not there, by criu check --feature ${criuName}`);
    },
  };
}

export function runtimesFinding(usual: string, names: readonly string[]): Finding {
  const found = [...names]
    .sort()
    .map((name) => (name === usual ? `${name} (default)` : name))
    .join(', ');
  return /^(?:runc|crun|io\.containerd\.runc\.v2|transship)$/.test(usual) ? ok(found) : warn(found);
}

/** @param offsetMs the host's clock minus this machine's; the truth within `boundMs` of it */
export function clockFinding(offsetMs: number, boundMs: number): Finding {
  const size = Math.abs(offsetMs) >= 1000 ? `${(Math.abs(offsetMs) / 1000).toFixed(1)} s` : `${Math.abs(offsetMs).toFixed(2)} ms`;
  const found = `${size} ${offsetMs < 0 ? 'behind' : 'ahead of'} this machine, ±${boundMs.toFixed(2)} ms`;
  return Math.abs(offsetMs) - boundMs > clockAwryMs ? warn(found) : ok(found);
}
