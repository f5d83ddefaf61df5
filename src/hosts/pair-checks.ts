import { isPlacedAnew } from './cgroup-parent-check.ts';
import { type Check, fail, isDirect, ok, type PairSubject, warn } from './check.ts';
import { cpuCheck } from './cpu-check.ts';
import { sshOnce } from './peer-ssh.ts';
import { lazyPipeBytes, readPipeSize } from './pipe-size.ts';
import { plainPagesCheck } from './plain-pages-check.ts';
import { preCopyChecks } from './pre-copy-checks.ts';
import { compareVersions } from './version-order.ts';

/** What must be alike on both hosts, or lie between them. */
export const pairChecks: readonly Check<PairSubject>[] = [
  {
    name: 'architecture',
    why: 'memory and registers hold machine code and its state',
    hint: 'take a destination of the same architecture',
    probe: ({ source, destination }) => alike(source.facts.architecture, destination.facts.architecture, ''),
  },
  {
    name: 'cgroup',
    why: "the dump holds the container's place in the cgroup tree, which versions 1 and 2 lay out differently",
    hint: 'boot both hosts with the same one (systemd.unified_cgroup_hierarchy)',
    probe: ({ source, destination, allowed }) => {
      if (source.info === null || destination.info === null) return null;
      const version = alike(source.facts.cgroupVersion, destination.facts.cgroupVersion, 'cgroup version ');
      const [from, to] = [source.info.CgroupDriver, destination.info.CgroupDriver];
      if (version.status !== 'ok' || from === to) return version;
      const isTried = !isDirect(allowed) && isPlacedAnew(destination);
      return (isTried ? warn : fail)(`cgroup driver ${from} on the source, ${to} on the destination`, sameDriver(from));
    },
  },
  {
    name: 'criu-versions',
    why: 'CRIU reads older images, not newer ones',
    hint: 'update CRIU on the destination',
    probe: ({ source, destination }) => {
      const [from, to] = [source.facts.versions.criu, destination.facts.versions.criu];
      if (from === null || to === null) return null;
      return compareVersions(to, from) < 0 ? warn(`CRIU ${from} dumps, the older ${to} restores`) : ok(`${from}, ${to}`);
    },
  },
  cpuCheck,
  {
    name: 'pipe-size',
    why: 'CRIU holds the pages of a lazy dump in pipes, and without CAP_SYS_RESOURCE none may be larger than the system says',
    hint: `raise it: sysctl -w fs.pipe-max-size=${lazyPipeBytes}`,
    probe: async ({ source, allowed }) => {
      if (allowed.strategy !== 'post-copy' && allowed.strategy !== 'hybrid') return null;
      const { isFree, maxBytes } = await readPipeSize(source.host);
      if (isFree) return ok('root there has CAP_SYS_RESOURCE');
      return maxBytes < lazyPipeBytes ? fail(`fs.pipe-max-size is ${maxBytes} on the source`) : ok(`${maxBytes} bytes`);
    },
  },
  ...preCopyChecks,
  plainPagesCheck,
  {
    name: 'lazy-pages',
    why: 'a container that goes on before its memory has come asks for pages by userfaultfd',
    hint: 'another strategy; or a kernel with CONFIG_USERFAULTFD, and CRIU 3.5 or later',
    probe: async ({ destination, allowed }) => {
      if (allowed.strategy !== 'post-copy' && allowed.strategy !== 'hybrid') return null;
      const { exitCode } = await destination.host.shell.run('criu check --feature uffd-noncoop');
      return exitCode === 0 ? ok('the destination has userfaultfd') : fail('no userfaultfd on the destination, by criu check');
    },
  },
  {
    name: 'reach',
    why: 'data goes from host to host; where they cannot reach each other, it takes the way through this machine, at the price of its bandwidth',
    hint: 'let root on the source log in on the destination by key, its host key known',
    probe: async ({ source, destination, allowed }) => {
      const words = destination.host.sshFromPeer;
      // what happens between freeze and resume goes from host to host, or it goes by Docker's own path
      const unreached = isDirect(allowed) ? fail : warn;
      if (words === null) return unreached(`${destination.host.name} has no address for other hosts`);
      const { exitCode, stderr } = await source.host.shell.run(`${sshOnce(words)} true`, { timeoutMs: 12_000 });
      if (exitCode === 0) return ok(`reaches ${destination.host.name} by ssh`);
      const said = stderr.trim().split('\n').at(-1) ?? '';
      return unreached(
        `does not reach ${destination.host.name} by ssh (${said})`,
        `try it on ${source.host.name}: ssh ${words.join(' ')}`,
      );
    },
  },
];

/**
 * Drivers name a container's cgroup differently (`/docker/ID`, `/system.slice/docker-ID.scope`), and the id alone is rewritten in the images. By Docker's own path
 * runc may place it anew; else the container would be where Docker does not look.
 */
function sameDriver(driver: string): string {
  return `the destination needs the driver of the source: "exec-opts": ["native.cgroupdriver=${driver}"] in its /etc/docker/daemon.json, then restart Docker; on cgroup v1, or with runc 1.3 there, --strategy docker may place it anew`;
}

function alike(source: string | null, destination: string | null, what: string) {
  if (source === null || destination === null) return warn(`${what}unknown`);
  if (source === destination) return ok(`${what}${source} on both`);
  return fail(`${what}${source} on the source, ${destination} on the destination`);
}
