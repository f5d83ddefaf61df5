import type { Service } from '../../trace/layer-spans.ts';

/** Commands of runc that Docker's path and ours use (runc, main.go): each names a span `runc.COMMAND`. */
// biome-ignore format: one list
export const runcCommands = [
  'checkpoint', 'restore', 'create', 'start', 'run', 'pause', 'resume', 'kill', 'delete', 'exec', 'features', 'state', 'ps', 'update',
  'events', 'init', 'list',
] as const;
export const runcVersion = 'runc.version';
/** A call whose words nobody noted, or of another command. */
export const runcCall = 'runc.call';

/** A stretch of a call in which runc waits for no child. */
export const runcWork = {
  name: 'runc.work',
  source: 'libcontainer/criu_linux.go (*Container).Checkpoint, Restore',
  meaning: 'runc itself: between its start, the CRIUs that it calls, and its end',
} as const;

/** What runc has CRIU do, each a process `criu swrk` of its own (runc, libcontainer/criu_linux.go). */
export const criuCalls = [
  {
    name: 'runc.criu.version',
    source: 'checkCriuVersion',
    meaning: 'CRIU started to be asked its version: the first call',
    isWait: false,
  },
  {
    name: 'runc.criu.features',
    source: 'checkCriuFeatures',
    meaning: 'CRIU started to be asked what it can do: between the first call and the last',
    isWait: false,
  },
  { name: 'runc.criu.pre-dump', source: 'criuSwrk', meaning: "runc's call of CRIU for a pre-dump: the last one", isWait: true },
  { name: 'runc.criu.dump', source: 'criuSwrk', meaning: "runc's call of CRIU for the dump: the last one", isWait: true },
  { name: 'runc.criu.restore', source: 'criuSwrk', meaning: "runc's call of CRIU for the restore: the last one", isWait: true },
] as const;

/** containerd starts the shim twice over: `start` brings up the one that stays, `delete` clears up (containerd, runtime/v2/README.md). */
export const shimCalls = [
  {
    name: 'shim.start',
    source: 'runtime/v2/runc/manager (manager).Start',
    meaning: 'the shim that brings up the one that stays',
  },
  { name: 'shim.delete', source: 'runtime/v2/runc/manager (manager).Stop', meaning: 'the shim that clears up after one' },
] as const;
export const shimProgram = 'containerd-shim-runc-v2';

/** Programs that Docker, containerd, runc or CRIU start, each a span `program NAME` of whoever started it. The list is closed, so that names are few. */
// biome-ignore format: one list
export const startedPrograms = [
  'iptables', 'ip6tables', 'iptables-restore', 'ip6tables-restore', 'iptables-save', 'ip6tables-save', 'nft', 'ip', 'tar', 'gzip', 'unpigz',
  'modprobe', 'docker-init', 'docker-proxy', 'libnetwork-setkey', 'ipset', 'sysctl', 'perl', 'sh', 'bash', 'other',
] as const;

/**
 * dockerd starts itself as the hook that hands over a network namespace: `/proc/PID/exe` (moby, daemon/oci_linux.go, the prestart hook).
 */
export function programOf(path: string): (typeof startedPrograms)[number] {
  if (/^\/proc\/\d+\/exe$/.test(path)) return 'libnetwork-setkey';
  const base = (path.split('/').at(-1) ?? '').replace(/^x?(ip6?tables(?:-save|-restore)?)-(?:nft|legacy)$/, '$1');
  return startedPrograms.find((name) => name === base) ?? 'other';
}

/** Shells wait for what they start. */
export const shells: readonly string[] = ['sh', 'bash', 'dash'];

/** Our own scripts: the runtime, and what stands before CRIU (src/wrap/host). */
export function isOurs(path: string): boolean {
  return /^\/(?:usr\/local\/lib|run)\/transship\//.test(path);
}

/** By a process's name, 15 characters at most. */
export function serviceOfStarter(comm: string): Service | null {
  if (comm === 'dockerd') return 'dockerd';
  if (comm === 'containerd') return 'containerd';
  return comm === shimProgram.slice(0, 15) ? 'containerd-shim' : null;
}

/** A path that leads to one of our wrappers (src/wrap/host/call.sh). */
export function isWrapper(path: string): boolean {
  return /^\/usr\/local\/lib\/[^/]+\/calls\//.test(path);
}

type RuncName = `runc.${(typeof runcCommands)[number] | 'pre-dump'}` | typeof runcVersion | typeof runcCall;
/** Every name that a process can have. */
export type ProcessName =
  | RuncName
  | (typeof criuCalls)[number]['name']
  | (typeof shimCalls)[number]['name']
  | `program ${(typeof startedPrograms)[number]}`;
