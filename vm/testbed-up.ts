import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { TransshipError } from '../src/error.ts';
import { type CgroupMode, makeGroups } from './cgroup.ts';
import { rootGround, userGround } from './ground.ts';
import { type HostPlan, prepareLayer } from './host-layer.ts';
import { refuseOtherVersions, refuseWithoutVm, type SetWish } from './host-set-choice.ts';
import { dockerdLog, namespaceHosts } from './namespace-hosts.ts';
import { cacheFolder, dataFolder, isRoot, requirePlainPath } from './places.ts';
import { requireQemu, requireTestbed, requireUserVms } from './prerequisites.ts';
import { isAlive, startTime } from './process-identity.ts';
import { requireMemory, requireRoom } from './qemu/room.ts';
import { type VmOptions, vmHosts } from './qemu/vm-hosts.ts';
import { addSystemd } from './systemd-layer.ts';
import { makeSsh } from './test-ssh.ts';
import { hasRemains, takeDown } from './testbed-down.ts';
import { readTestbed, type TestbedState, type TestHost, testbedFolder } from './testbed-state.ts';
import { treeVersions } from './tree-versions.ts';
import { untilAborted } from './until-aborted.ts';
import { hostSets, type PackageSet } from './versions.ts';

export interface UpOptions {
  readonly set: string;
  readonly cgroup: CgroupMode;
  /** `debian13` unless told. */
  readonly packages?: PackageSet;
  /** Debian packages besides those of every host; their root tree is built and kept by itself. */
  readonly extra?: readonly string[];
  /** Versions that were asked for by name, and must be those of the packages. */
  readonly wish?: Pick<SetWish, 'criu' | 'docker'>;
  /** `a` and `b` unless told. */
  readonly hosts?: readonly string[];
  /** Virtual machines instead of namespaces. */
  readonly vm?: VmOptions;
  readonly say: (line: string) => void;
  /** Aborted: what was made so far is taken down. */
  readonly signal?: AbortSignal;
}

const usualHosts = ['a', 'b'];
const usualPackages: PackageSet = 'debian13';
const prefixLength = 24;
/** The wire is the set's own, so all sets have the same addresses. */
const addressOf = (index: number): string => `10.77.0.${index + 1}`;

/**
 * Makes two Docker hosts. What is made has the set's name (folder, cgroups) before it is made, so that
 * `takeDown` finds it after a kill at any point; on failure it is taken down at once.
 * @throws TransshipError `not-ready` (this machine cannot), `failed` (a host did not come up), `interrupted`
 */
export async function bringUp(options: UpOptions): Promise<TestbedState> {
  const { set, say } = options;
  requireGround(options.vm);
  checkName(set);
  if (options.vm === undefined) refuseWithoutVm(options.packages ?? usualPackages);
  const present = readTestbed(set);
  if (present?.hosts.every((host) => isAlive(host.initPid, host.initStart))) return present;
  if (hasRemains(set)) {
    refuseWhileMaking(set);
    say(`removing what is left of an earlier set '${set}'`);
    await takeDown(set);
  }
  if (options.vm !== undefined) requireVms(options.vm);
  const folder = testbedFolder(set);
  if (!isRoot) requirePlainPath(folder);
  mkdirSync(folder, { recursive: true, mode: isRoot ? 0o755 : 0o700 });
  writeFileSync(join(folder, 'maker'), `${process.pid} ${startTime(process.pid)}\n`);
  const making = make(options);
  try {
    return await untilAborted(options.signal, making, 'testbed up was interrupted');
  } catch (error) {
    const logs = (options.hosts ?? usualHosts).map((name) => dockerdLog(planOf(set, name, '')));
    await takeDown(set);
    await making.catch(() => {}); // interrupted in mid-step it could have made one thing more
    await takeDown(set);
    for (const log of logs) if (log !== null) say(log);
    throw error;
  }
}

/** Without root there are virtual machines alone, and what they need is less. */
function requireGround(vm: VmOptions | undefined): void {
  if (!isRoot && vm !== undefined) requireUserVms();
  else requireTestbed();
}

function requireVms({ memoryMib }: VmOptions): void {
  if (isRoot) requireQemu();
  requireMemory(memoryMib);
  for (const folder of [cacheFolder, dataFolder('')]) requireRoom(folder);
}

async function make({
  set,
  cgroup,
  packages = usualPackages,
  extra = [],
  hosts: names = usualHosts,
  ...rest
}: UpOptions): Promise<TestbedState> {
  const { vm, wish, say } = rest;
  const folder = testbedFolder(set);
  const ground = isRoot ? rootGround(folder, makeGroups(set, names, cgroup)) : userGround(folder, names);
  const setting = { set, folder, ground, packages, extra, say };
  const maker = vm === undefined ? await namespaceHosts(setting) : await vmHosts(setting, vm);
  const versions = treeVersions(maker.tree);
  if (wish !== undefined) refuseOtherVersions(versions, wish);
  const plans = names.map((name, index) => planOf(set, name, addressOf(index + 1)));
  for (const plan of plans) prepareLayer(plan, plans, ground.wayIn);
  const { init } = hostSets[packages];
  if (init === 'systemd') for (const plan of plans) addSystemd(plan);
  const isChecked = await maker.prepare?.(plans);
  await makeSsh(folder, plans, { limitS: connectLimitS(vm), proxyCommand: ground.proxyCommand });
  await ground.makeWire(`${addressOf(0)}/${prefixLength}`);
  say(`starting ${names.length > 1 ? 'hosts' : 'host'} ${names.join(' and ')}`);
  const started = await Promise.all(plans.map((plan) => maker.start(plan)));
  if (!isChecked) await checkSsh(folder, started, connectLimitS(vm));
  const hosts = (await maker.settle?.(started)) ?? started;
  const state: TestbedState = {
    ...{ set, folder, sshConfig: join(folder, 'ssh_config'), wireNamespace: ground.wireNamespace },
    ...{ kind: vm === undefined ? 'namespaces' : 'vm', accelerator: maker.accelerator, packages, init },
    versions: { kernel: maker.kernel, ...versions },
    ...{ cgroup, hosts },
  };
  writeFileSync(join(folder, 'testbed.json.new'), `${JSON.stringify(state, null, 2)}\n`);
  renameSync(join(folder, 'testbed.json.new'), join(folder, 'testbed.json'));
  return state;
}

/** A key exchange takes a second or two where the code is emulated. */
function connectLimitS(vm: VmOptions | undefined): number {
  return vm === undefined ? 10 : 50;
}

function planOf(set: string, name: string, address: string): HostPlan {
  const data = join(dataFolder(set), name);
  return { name, address, prefixLength, data, upper: join(data, 'upper') };
}

/** Every way that will be used: from here to each host, and from each host to the other. All at once: each takes a second or two of a guest. */
async function checkSsh(folder: string, hosts: readonly TestHost[], limitS: number): Promise<void> {
  const options = ['-F', join(folder, 'ssh_config'), '-o', 'ControlMaster=no', '-o', 'ControlPath=none'];
  await Promise.all(
    hosts.map(async (host) => {
      const others = hosts.filter((other) => other !== host).map((other) => `ssh root@${other.address} true`);
      const command = ['true', ...others].join(' && ');
      const result = await execa('ssh', [...options, host.name, command], {
        ...{ reject: false, timeout: 6_000 * limitS, stdin: 'ignore' },
      });
      if (result.exitCode === 0) return;
      const words = `ssh to ${host.name}: ${result.stderr || 'no answer'}`;
      throw new TransshipError('failed', words, 'transship testbed up tries again');
    }),
  );
}

function refuseWhileMaking(set: string): void {
  const file = join(testbedFolder(set), 'maker');
  if (!existsSync(file)) return;
  const [pid, start] = readFileSync(file, 'utf8').trim().split(' ');
  if (readTestbed(set) !== null || Number(pid) === process.pid || !isAlive(Number(pid), start ?? '')) return;
  throw new TransshipError(
    'not-ready',
    `set '${set}' is just being made by process ${pid}`,
    'wait for it, or name another set by TRANSSHIP_TESTBED',
  );
}

/** The set's name goes into paths of sockets (108 bytes at most), of cgroups and mounts. */
function checkName(set: string): void {
  if (/^[a-z0-9][a-z0-9-]{0,23}$/.test(set)) return;
  throw new TransshipError(
    'usage',
    `'${set}' cannot name a set of test hosts`,
    'lower-case letters, digits and dash, 24 at most',
  );
}
