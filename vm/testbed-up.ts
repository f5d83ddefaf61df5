import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { execa } from 'execa';
import { TransshipError } from '../src/error.ts';
import { type CgroupMode, makeGroups } from './cgroup.ts';
import { raisePipeSize } from './pipe-size.ts';
import { requireTestbed } from './prerequisites.ts';
import { isAlive, startTime } from './process-identity.ts';
import { rootTree } from './rootfs.ts';
import { type HostPlan, inHost, joining, makeWire, prepareLayer, startHost, tail } from './test-host.ts';
import { makeSsh } from './test-ssh.ts';
import { hasRemains, takeDown, testbedData } from './testbed-down.ts';
import { readTestbed, type TestbedState, type TestHost, testbedFolder } from './testbed-state.ts';
import type { PackageSet } from './versions.ts';

export interface UpOptions {
  readonly set: string;
  readonly cgroup: CgroupMode;
  /** `debian13` unless told. */
  readonly packages?: PackageSet;
  /** Debian packages besides those of every host; their root tree is built and kept by itself. */
  readonly extra?: readonly string[];
  readonly say: (line: string) => void;
  /** Aborted: what was made so far is taken down. */
  readonly signal?: AbortSignal;
}

const hostNames = ['a', 'b'];
const prefixLength = 24;
/** The wire is the set's own, so all sets have the same addresses. */
const addressOf = (index: number): string => `10.77.0.${index + 1}`;
/** Of all that waits for one host; dockerd needs 2 to 5 seconds on two busy cores. */
const readyLimitMs = 90_000;

/**
 * Makes two Docker hosts. What is made has the set's name (folder, cgroups) before it is made, so that
 * `takeDown` finds it after a kill at any point; on failure it is taken down at once.
 * @throws TransshipError `not-ready` (this machine cannot), `failed` (a host did not come up), `interrupted`
 */
export async function bringUp(options: UpOptions): Promise<TestbedState> {
  requireTestbed();
  const { set, say } = options;
  checkName(set);
  const present = readTestbed(set);
  if (present?.hosts.every((host) => isAlive(host.initPid, host.initStart))) return present;
  if (hasRemains(set)) {
    refuseWhileMaking(set);
    say(`removing what is left of an earlier set '${set}'`);
    await takeDown(set);
  }
  const folder = testbedFolder(set);
  mkdirSync(folder, { recursive: true, mode: 0o755 });
  writeFileSync(join(folder, 'maker'), `${process.pid} ${startTime(process.pid)}\n`);
  raisePipeSize();
  const making = make(options);
  try {
    return await Promise.race([making, aborted(options.signal)]);
  } catch (error) {
    const logs = hostNames.map((name) => dockerdLog(set, name));
    await takeDown(set);
    await making.catch(() => {}); // interrupted in mid-step it could have made one thing more
    await takeDown(set);
    for (const log of logs) if (log !== null) say(log);
    throw error;
  }
}

async function make({ set, cgroup, packages = 'debian13', extra = [], say }: UpOptions): Promise<TestbedState> {
  const folder = testbedFolder(set);
  const groups = makeGroups(set, hostNames, cgroup);
  const tree = await rootTree({ packages, extra, prefix: joining(groups), say });
  const plans = hostNames.map((name, index) => planOf(set, name, addressOf(index + 1)));
  for (const plan of plans) prepareLayer(plan, plans);
  await makeSsh(folder, plans);
  await makeWire(folder, `${addressOf(0)}/${prefixLength}`, groups);
  say('starting hosts a and b');
  const hosts = await Promise.all(
    plans.map(async (plan): Promise<TestHost> => {
      const initPid = await startHost({ plan, folder, rootTree: tree, groups });
      const initGroups = groups.initGroups(plan.name);
      const host = { name: plan.name, address: plan.address, initPid, initStart: startTime(initPid) ?? '', initGroups };
      await waitForDocker(host, plan);
      return host;
    }),
  );
  await checkSsh(folder, hosts);
  const wireNamespace = join(folder, 'wire');
  const state = { set, folder, sshConfig: join(folder, 'ssh_config'), wireNamespace, cgroup, hosts };
  writeFileSync(join(folder, 'testbed.json.new'), `${JSON.stringify(state, null, 2)}\n`);
  renameSync(join(folder, 'testbed.json.new'), join(folder, 'testbed.json'));
  return state;
}

function planOf(set: string, name: string, address: string): HostPlan {
  const data = join(testbedData(set), name);
  return { name, address, prefixLength, data, upper: join(data, 'upper') };
}

async function waitForDocker(host: TestHost, plan: HostPlan): Promise<void> {
  const inner = join(host.initGroups[0] as string, 'cgroup.procs'); // on cgroup v2 made by the host's own init
  const isEnterable = (): boolean => hasItsOwnRoot(host.initPid) && existsSync(inner);
  for (let tries = 0; !isEnterable() && isAlive(host.initPid, host.initStart) && tries < 600; tries += 1) await sleep(50);
  const probe = 'until docker version >/dev/null 2>&1; do sleep 0.1; done';
  const words = [...inHost(host.initPid, host.initGroups), 'sh', '-c', probe];
  const result = await execa(words[0] as string, words.slice(1), { reject: false, timeout: readyLimitMs, stdin: 'ignore' });
  if (result.exitCode === 0) return;
  const why = result.timedOut ? `does not answer after ${readyLimitMs / 1000} s` : `cannot be asked: ${result.stderr}`;
  throw new TransshipError(
    'failed',
    `dockerd on ${plan.name} ${why}`,
    'the end of its log is above; is this kernel able to run Docker?',
  );
}

/**
 * Has the host's first process entered its own root? It is tini only after pivot_root, which moves every process of the mount
 * namespace: one that entered earlier would start with this machine's dynamic linker and go on with the host's C library.
 */
function hasItsOwnRoot(initPid: number): boolean {
  try {
    return readFileSync(`/proc/${initPid}/comm`, 'utf8') === 'tini\n';
  } catch {
    return false; // gone
  }
}

/** Every way that will be used: from here to each host, and from each host to the other. */
async function checkSsh(folder: string, hosts: readonly TestHost[]): Promise<void> {
  for (const host of hosts) {
    const others = hosts.filter((other) => other !== host).map((other) => `ssh root@${other.address} true`);
    const options = ['-F', join(folder, 'ssh_config'), '-o', 'ControlMaster=no', '-o', 'ControlPath=none'];
    const result = await execa('ssh', [...options, host.name, others.join(' && ')], {
      reject: false,
      timeout: 60_000,
      stdin: 'ignore',
    });
    if (result.exitCode !== 0)
      throw new TransshipError(
        'failed',
        `ssh to ${host.name}: ${result.stderr || 'no answer'}`,
        'transship testbed up tries again',
      );
  }
}

function dockerdLog(set: string, name: string): string | null {
  const file = join(testbedData(set), name, 'upper/var/log/dockerd.log');
  return existsSync(file) ? `end of dockerd's log on ${name}:\n${tail(file)}` : null;
}

function aborted(signal: AbortSignal | undefined): Promise<never> {
  return new Promise((_, reject) => {
    const stop = (): void => reject(new TransshipError('interrupted', 'testbed up was interrupted', 'nothing of it is left'));
    if (signal?.aborted) stop();
    signal?.addEventListener('abort', stop, { once: true });
  });
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
