import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { TransshipError } from '../src/error.ts';

/** How a test host's containers are limited and frozen: by cgroup v2, or by this machine's v1 controllers. */
export type CgroupMode = 'v2' | 'v1';

interface Hierarchy {
  readonly mountPoint: string;
  /** `v2`, or the v1 controller's name (`systemd` for the named hierarchy). */
  readonly kind: string;
}

/** Every cgroup hierarchy that is mounted here with its root. */
function hierarchies(): readonly Hierarchy[] {
  const lines = readFileSync('/proc/self/mountinfo', 'utf8').split('\n');
  return lines.flatMap((line) => {
    const [before, after] = line.split(' - ').map((half) => half.split(' '));
    const mountPoint = before?.[4];
    if (before?.[3] !== '/' || mountPoint === undefined) return [];
    if (after?.[0] === 'cgroup2') return [{ mountPoint, kind: 'v2' }];
    if (after?.[0] !== 'cgroup') return [];
    const options = (after[2] ?? '').split(',').filter((option) => option !== 'rw' && option !== 'xattr');
    const kind = options.find((option) => option.startsWith('name='))?.slice(5) ?? options.join(',');
    return [{ mountPoint, kind }];
  });
}

/** The set's group in a hierarchy: all that the set starts is in it or below, so that killing it leaves nothing. */
function setGroup(hierarchy: Hierarchy, set: string): string {
  return join(hierarchy.mountPoint, `transship-testbed-${set}`);
}

export interface SetGroups {
  /** For what `up` runs on its own behalf, in v2. */
  readonly make: string;
  /** All groups that a host's first process joins. */
  hostGroups(host: string): readonly string[];
  /** All groups that a process joins which enters the host later: v2's is one down, made by the host's init.sh. */
  initGroups(host: string): readonly string[];
  /** What boot.sh mounts: `v2`, or `v1` and the controllers' names. */
  readonly word: string;
}

/**
 * Makes the groups of a set.
 * @throws TransshipError `not-ready` when this machine mounts no cgroup v2, or no v1 controllers and they are asked for.
 */
export function makeGroups(set: string, hosts: readonly string[], mode: CgroupMode): SetGroups {
  const all = hierarchies();
  const v2 = all.find((hierarchy) => hierarchy.kind === 'v2');
  if (v2 === undefined)
    throw new TransshipError('not-ready', 'no cgroup v2 is mounted here', 'mount -t cgroup2 none /sys/fs/cgroup/unified');
  const v1 = mode === 'v1' ? all.filter((hierarchy) => hierarchy.kind !== 'v2') : [];
  if (mode === 'v1' && v1.length === 0)
    throw new TransshipError('not-ready', 'no cgroup v1 controllers are mounted here', 'leave --cgroup v1 away');
  const used = [v2, ...v1];
  for (const hierarchy of used) {
    const group = setGroup(hierarchy, set);
    makeGroup(group);
    for (const child of ['make', ...hosts]) makeGroup(join(group, child));
  }
  const groupsOf = (host: string): readonly string[] => used.map((hierarchy) => join(setGroup(hierarchy, set), host));
  return {
    make: join(setGroup(v2, set), 'make'),
    hostGroups: groupsOf,
    initGroups: (host) => (v1.length > 0 ? groupsOf(host) : groupsOf(host).map((group) => join(group, 'init'))),
    word: v1.length === 0 ? 'v2' : ['v1', ...v1.map((hierarchy) => hierarchy.kind)].join(' '),
  };
}

/** Lets the children of `group`'s parent have its controllers (v2), and gives a cpuset its CPUs (v1, else nobody can join). */
function makeGroup(group: string): void {
  const parent = join(group, '..');
  if (existsSync(join(parent, 'cgroup.subtree_control'))) {
    const has = readWords(join(parent, 'cgroup.subtree_control'));
    for (const controller of readWords(join(parent, 'cgroup.controllers')))
      if (!has.includes(controller)) attempt(() => writeFileSync(join(parent, 'cgroup.subtree_control'), `+${controller}`));
  }
  mkdirSync(group, { recursive: true });
  for (const file of ['cpuset.cpus', 'cpuset.mems'])
    if (existsSync(join(group, file)) && !existsSync(join(group, 'cgroup.controllers')))
      writeFileSync(join(group, file), readFileSync(join(parent, file)));
}

/** The groups of a set that exist, whoever made them and however far that came. */
export function findGroups(set: string): readonly string[] {
  return hierarchies()
    .map((hierarchy) => setGroup(hierarchy, set))
    .filter((group) => existsSync(group));
}

/**
 * Kills all processes of the groups and below, frozen ones too, and removes the groups. All of them at once: a process
 * that one v1 hierarchy holds frozen is in the others' groups as well.
 * @throws TransshipError `failed` when something is left after 15 seconds.
 */
export async function removeGroups(groups: readonly string[]): Promise<void> {
  const isLeft = (): boolean => groups.some((group) => existsSync(group));
  for (let tries = 0; tries < 300 && isLeft(); tries += 1) {
    const folders = groups.flatMap(below);
    for (const folder of folders) attempt(() => thawAndKill(folder));
    for (const folder of folders) attempt(() => rmdirSync(folder)); // deepest first; busy until its processes are gone
    if (isLeft()) await sleep(50);
  }
  if (!isLeft()) return;
  const left = new Set(groups.flatMap(below).flatMap((folder) => readWords(join(folder, 'cgroup.procs'))));
  const place = groups.filter((group) => existsSync(group)).join(' ');
  throw new TransshipError(
    'failed',
    `${place}: still there, with processes ${[...left].join(' ') || '(none)'}`,
    'try testbed down again',
  );
}

function thawAndKill(folder: string): void {
  if (existsSync(join(folder, 'cgroup.kill'))) {
    writeFileSync(join(folder, 'cgroup.kill'), '1');
    return;
  }
  // on v1 a frozen process does not die before it is thawed
  if (existsSync(join(folder, 'freezer.state'))) writeFileSync(join(folder, 'freezer.state'), 'THAWED');
  for (const pid of readWords(join(folder, 'cgroup.procs'))) attempt(() => process.kill(Number(pid), 'SIGKILL'));
}

function below(group: string): readonly string[] {
  if (!existsSync(group)) return [];
  const children = readdirSync(group, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  return [...children.flatMap((entry) => below(join(group, entry.name))), group];
}

function readWords(file: string): readonly string[] {
  try {
    return readFileSync(file, 'utf8').split(/\s+/).filter(Boolean);
  } catch {
    return []; // the group went away meanwhile
  }
}

/** For what may fail because the group or the process has just gone; the loop around looks again. */
function attempt(action: () => void): void {
  try {
    action();
  } catch {}
}
