import { knownBroken } from './broken-combinations.ts';
import { type Check, fail, type HostSubject, isDirect, ok, warn } from './check.ts';
import { telemetryCheck } from './daemon-telemetry.ts';
import { diskFinding } from './disk-check.ts';
import { quoteWord } from './link.ts';
import { readRuncConf } from './runc-conf.ts';
import { formatBytes } from './sizes.ts';

const gigabyte = 1024 ** 3;
const criuCheckTimeoutMs = 30_000;

/**
 * Tried with CRIU 4.2.1, runc 1.1.15, Docker 26.1.5: it dumps, and Docker's own restore fails, too, as CRIU opens the images in the container's user namespace,
 * whose root may not read them. Such a daemon keeps all its containers in another namespace of containerd's (`moby-UID.GID`), also those with `--userns host`.
 */
const remapping = fail(
  'the daemon remaps user ids (userns-remap): in a user namespace CRIU may not read its images',
  'take userns-remap out of /etc/docker/daemon.json, restart Docker, and make the container anew: a daemon that remaps has containers of its own',
);

/** What each Docker host must have, whatever moves. */
export const hostChecks: readonly Check<HostSubject>[] = [
  {
    name: 'root',
    why: 'CRIU, the images and the writable layer need root',
    hint: 'log in as root, or allow sudo -n',
    probe: async ({ host }) => {
      const { stdout } = await host.shell.run('id -u');
      return stdout.trim() === '0' ? ok('the shell is root') : fail(`the shell has uid ${stdout.trim()}`);
    },
  },
  {
    name: 'docker',
    why: 'containers are read, made and started through its API',
    hint: 'start it: systemctl start docker',
    probe: async ({ host, facts: { versions } }) => {
      await host.docker.ping();
      return ok(`Docker ${versions.docker}, containerd ${versions.containerd ?? 'unknown'}, runc ${versions.runc ?? 'unknown'}`);
    },
  },
  {
    name: 'rootless',
    why: 'CRIU dumps and restores as root only, and ids in a user namespace are not those of the host',
    hint: 'use the machine-wide daemon',
    probe: ({ info }) => {
      const options = info?.SecurityOptions ?? [];
      if (options.some((option) => option.includes('name=rootless'))) return fail('the daemon is rootless');
      return options.some((option) => /^name=userns(?:,|$)/.test(option)) ? remapping : null;
    },
  },
  {
    name: 'experimental',
    why: 'docker checkpoint is an experimental feature',
    hint: 'put {"experimental": true} into /etc/docker/daemon.json and restart Docker',
    probe: ({ info, allowed }) => {
      if (info === null || isDirect(allowed)) return null;
      return info.ExperimentalBuild ? ok('on') : fail('off');
    },
  },
  {
    name: 'storage-driver',
    why: "the writable layer is moved as overlay2 keeps it, a folder with the container's own files",
    hint: 'set "storage-driver": "overlay2" in /etc/docker/daemon.json (without the containerd image store), and make the container anew',
    probe: ({ info }) => {
      if (info === null) return null;
      return info.Driver === 'overlay2' ? ok('overlay2') : fail(`${info.Driver}: only overlay2's writable layer can be moved`);
    },
  },
  {
    name: 'criu',
    why: 'it freezes, dumps and restores the processes',
    hint: 'install it: apt-get install criu (4.2 or later on kernels from 6.16)',
    probe: ({ facts: { versions } }) => (versions.criu === null ? fail('no criu in PATH') : ok(`CRIU ${versions.criu}`)),
  },
  {
    name: 'tools',
    why: 'the writable layer and volumes are copied by rsync, images by tar',
    hint: 'install what is missing: apt-get install rsync tar bash perl-base iproute2',
    probe: async ({ host, allowed }) => {
      const tools = isDirect(allowed) ? 'rsync tar bash perl ip nsenter' : 'rsync tar';
      const { stdout } = await host.shell.run(`for tool in ${tools}; do command -v $tool >/dev/null || echo $tool; done`);
      const missing = stdout.split('\n').filter((tool) => tool !== '');
      return missing.length === 0 ? ok(tools.replaceAll(' ', ', ')) : fail(`no ${missing.join(', no ')}`);
    },
  },
  {
    name: 'criu-check',
    why: "CRIU's own test of what it needs of the kernel",
    hint: 'see criu check -v4; a newer CRIU or kernel helps as a rule',
    probe: async ({ host, facts: { versions } }) => {
      if (versions.criu === null) return null;
      const { exitCode, stdout, stderr } = await host.shell.run('criu check', { timeoutMs: criuCheckTimeoutMs });
      const lines = `${stderr}\n${stdout}`.split('\n').filter((line) => line.trim() !== '');
      if (exitCode === 0) return ok('passed');
      return fail(lines.find((line) => line.includes('Error'))?.trim() ?? lines.at(-1)?.trim() ?? `exit status ${exitCode}`);
    },
  },
  {
    name: 'criu-kernel',
    why: 'some versions of CRIU fail on some kernels though criu check passes',
    hint: 'install CRIU 4.2 or later (Debian: criu and libcompel1 from testing)',
    probe: ({ facts }) => {
      if (facts.versions.criu === null) return null;
      const broken = knownBroken(facts);
      return broken === null ? ok(`CRIU ${facts.versions.criu} on ${facts.kernel}: nothing bad known`) : fail(broken);
    },
  },
  {
    name: 'criu-logs',
    why: "Docker deletes CRIU's log and statistics on success: a trace would lack its phases",
    hint: 'in /etc/criu/runc.conf: work-dir DIR, and make DIR',
    probe: async ({ host, allowed }) => {
      if (isDirect(allowed)) return null; // it gives CRIU a folder of its own
      const conf = await readRuncConf(host);
      const folder = conf.get('work-dir');
      if (folder === undefined) return warn('no work-dir in /etc/criu/runc.conf');
      const there = await host.shell.run(`test -d ${quoteWord(folder)}`);
      return there.exitCode === 0 ? ok(`kept in ${folder}`) : fail(`work-dir ${folder} is missing`, `mkdir -p ${folder}`);
    },
  },
  {
    name: 'disk',
    why: "Docker's own path writes the memory to disk three times on either host; image, writable layer and copied volumes come to the destination",
    hint: 'make room there: docker system df shows what Docker holds',
    probe: diskFinding,
  },
  {
    name: 'memory',
    why: "the container's memory must fit; what does not is killed by the kernel",
    hint: 'free some memory, or take a larger host',
    probe: async ({ host, need }) => {
      const { stdout } = await host.shell.run("sed -n 's/^MemAvailable: *\\([0-9]*\\) kB/\\1/p' /proc/meminfo");
      const freeBytes = Number(stdout.trim()) * 1024;
      const found = `${formatBytes(freeBytes)} available`;
      if (need?.memoryBytes == null) return freeBytes < gigabyte / 4 ? warn(found) : ok(found);
      return freeBytes < need.memoryBytes ? fail(`${found}, ${formatBytes(need.memoryBytes)} needed`) : ok(found);
    },
  },
  telemetryCheck,
];
