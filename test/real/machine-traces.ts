import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** All that test hosts could leave on a machine; other sets that live side by side are left out. */
export interface MachineTraces {
  readonly mounts: readonly string[];
  readonly namespaces: readonly string[];
  readonly cgroups: readonly string[];
  readonly processes: readonly string[];
  readonly links: readonly string[];
  readonly rules: readonly string[];
  readonly settings: readonly string[];
  readonly folders: readonly string[];
}

const testbeds = '/run/transship/testbed';
const kinds = ['mnt', 'pid', 'uts', 'ipc', 'net', 'cgroup'];

export function machineTraces(set: string): MachineTraces {
  const pids = readdirSync('/proc').filter((entry) => /^\d+$/.test(entry) && !isOfOtherSet(entry, set));
  const roots = new Set(kinds.map((kind) => read(() => readlinkSync(`/proc/1/ns/${kind}`))));
  const namespaces = pids.flatMap((pid) => kinds.map((kind) => read(() => readlinkSync(`/proc/${pid}/ns/${kind}`))));
  return {
    mounts: lines('/proc/self/mountinfo')
      .filter((line) => !isOther(line, set) && !isSmallDisk(line))
      .map((line) => line.split(' ').slice(3).join(' ')),
    namespaces: [...new Set(namespaces)].filter((name) => name !== '' && !roots.has(name)).sort(),
    cgroups: dockerGroups('/sys/fs/cgroup', 4).filter((folder) => !isOther(folder, set)),
    processes: pids
      .filter((pid) => isOf(pid, set))
      .map((pid) => `${pid} ${read(() => readFileSync(`/proc/${pid}/cmdline`, 'utf8'))}`),
    links: run('ip', ['-brief', 'link'])
      .split('\n')
      .map((line) => line.split(' ')[0] as string)
      .sort(),
    rules: run('nft', ['list', 'ruleset']).split('\n'),
    settings:
      otherSets(set).length > 0 ? [] : [`pipe-max-size ${read(() => readFileSync('/proc/sys/fs/pipe-max-size', 'utf8'))}`],
    folders: [testbeds, '/var/lib/transship/testbed'].map((folder) => join(folder, set)).filter(existsSync),
  };
}

/** What is there after and was not before, one line each: `mounts: …`. */
export function newTraces(before: MachineTraces, after: MachineTraces): readonly string[] {
  return (Object.keys(after) as (keyof MachineTraces)[]).flatMap((kind) =>
    after[kind].filter((entry) => !before[kind].includes(entry)).map((entry) => `${kind}: ${entry}`),
  );
}

/** A process of the set: by the environment it inherited from `up`, by its cgroup, or by a path of the set in its words. */
function isOf(pid: string, set: string): boolean {
  const of = (file: string): string => read(() => readFileSync(`/proc/${pid}/${file}`, 'utf8'));
  if (Number(pid) === process.pid || of('stat').includes(') Z ')) return false;
  const hasName = of('environ').split('\0').includes(`TRANSSHIP_TESTBED=${set}`);
  return hasName || of('cgroup').includes(`transship-testbed-${set}/`) || of('cmdline').includes(`/testbed/${set}/`);
}

function otherSets(set: string): readonly string[] {
  return read(() => readdirSync(testbeds), []).filter((name) => name !== set);
}

/** By its cgroup, or a client in the other set's wire. */
function isOfOtherSet(pid: string, set: string): boolean {
  const network = read(() => readlinkSync(`/proc/${pid}/ns/net`));
  if (otherSets(set).some((name) => network === `net:[${read(() => statSync(join(testbeds, name, 'wire')).ino, 0)}]`))
    return true;
  const cgroup = read(() => readFileSync(`/proc/${pid}/cgroup`, 'utf8'));
  return isOther(cgroup, set);
}

function isOther(text: string, set: string): boolean {
  const name = /(?:transship-testbed-|transship\/testbed\/)([a-z0-9-]+)/.exec(text)?.[1];
  return name !== undefined && name !== set;
}

/** Tests that fill a disk mount one of their own below the folder of temporary files, where no test host mounts anything. */
function isSmallDisk(mount: string): boolean {
  return mount.split(' ')[4]?.startsWith(`${tmpdir()}/`) ?? false;
}

function dockerGroups(folder: string, depth: number): readonly string[] {
  if (depth === 0) return [];
  const entries = read(() => readdirSync(folder, { withFileTypes: true }), []).filter((entry) => entry.isDirectory());
  return entries.flatMap((entry) => {
    const path = join(folder, entry.name);
    const here = /transship|docker|moby|containerd/.test(entry.name) ? [path] : [];
    return [...here, ...dockerGroups(path, depth - 1)];
  });
}

const lines = (file: string): readonly string[] => readFileSync(file, 'utf8').trimEnd().split('\n');
const run = (command: string, words: readonly string[]): string => execFileSync(command, words, { encoding: 'utf8' });

/** A process that has just gone has nothing to tell. */
function read<T = string>(action: () => T, absent: T = '' as T): T {
  try {
    return action();
  } catch {
    return absent;
  }
}
