import { Command, Option } from 'commander';
import type { CgroupMode } from '../../vm/cgroup.ts';
import { chooseHostSet, refuseWithoutVm } from '../../vm/host-set-choice.ts';
import { isAlive } from '../../vm/process-identity.ts';
import type { VmOptions } from '../../vm/qemu/vm-hosts.ts';
import { readTestbed, testbedSet } from '../../vm/testbed-state.ts';
import { defaultKernel, type PackageSet, packageSets } from '../../vm/versions.ts';
import { TransshipError } from '../error.ts';
import { terminalOf } from './terminal.ts';
import { refuseEarlier } from './testbed-earlier.ts';

interface Options {
  readonly kind: 'namespaces' | 'vm';
  readonly packages?: PackageSet;
  readonly criu?: string;
  readonly docker?: string;
  readonly cgroup: string;
  readonly kernel?: string;
  readonly cpus?: string;
  readonly memory?: string;
  readonly saved?: boolean;
}

export const testbedUp: Command = new Command('up')
  .summary('make the two test hosts, a and b')
  .addOption(
    new Option('--kind <kind>', "namespaces: on this machine's kernel, in seconds; vm: in QEMU, with a kernel of their own")
      .choices(['namespaces', 'vm'])
      .default('namespaces'),
  )
  .addOption(new Option('--packages <set>', 'what the hosts are made of: transship testbed sets').choices(packageSets))
  .option('--criu <version>', 'the set of packages that has this CRIU')
  .option('--docker <version>', 'the set of packages that has this Docker')
  .option('--cgroup <version>', "v2, or v1: this machine's v1 controllers, for containers with limits (not for vm)", 'v2')
  .option('--kernel <version>', `of virtual machines: a series, or a release of it (default: ${defaultKernel})`)
  .option('--cpus <number>', 'of each virtual machine (default: 1)')
  .option('--memory <size>', 'of each virtual machine, as 512M or 2G (default: 1G)')
  .option('--saved', 'virtual machines that go on from a saved state, in seconds; the first time it is made')
  .addHelpText(
    'after',
    '\nExample:\n  transship testbed up && transship doctor test:a test:b\n  transship testbed up --kind vm --kernel 6.12 --criu 4.2',
  )
  .action(runUp);

async function runUp(options: Options, command: Command): Promise<void> {
  const terminal = terminalOf(command);
  if (options.cgroup !== 'v1' && options.cgroup !== 'v2')
    throw new TransshipError('usage', `--cgroup ${options.cgroup} is unknown`, 'v1 or v2');
  const vm = vmOptions(options);
  const wish = { criu: options.criu, docker: options.docker };
  const packages = chooseHostSet({ packages: options.packages, ...wish });
  const { bringUp } = await import('../../vm/testbed-up.ts');
  const set = testbedSet();
  const before = readTestbed(set);
  if (vm === null) refuseWithoutVm(packages);
  refuseOther(before, options);
  const interrupt = new AbortController();
  const stop = (): void => interrupt.abort();
  // not `once`: it takes the listener away first, and execa's signal-exit, finding none but its own, raises the signal again
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, stop);
  const startMs = Date.now();
  const given = { set, cgroup: options.cgroup as CgroupMode, packages, wish, ...(vm === null ? {} : { vm }) };
  const state = await bringUp({ ...given, say: terminal.say, signal: interrupt.signal });
  const isSame = before?.hosts.every((host, index) => host.initStart === state.hosts[index]?.initStart);
  const names = state.hosts.map((host) => `test:${host.name} (${host.address})`).join(' and ');
  const took = isSame ? 'already up' : `up after ${((Date.now() - startMs) / 1000).toFixed(1)} s`;
  terminal.say(`${names} ${took}`);
}

/** Null for hosts in namespaces. */
function vmOptions({ kind, kernel, cpus, memory, saved, cgroup }: Options): VmOptions | null {
  if (kind === 'vm') {
    if (cgroup === 'v1') throw new TransshipError('usage', '--cgroup v1: virtual machines have cgroup v2', 'leave it away');
    return {
      kernel: kernel ?? defaultKernel,
      cpus: cpusOf(cpus ?? '1'),
      memoryMib: mebibytes(memory ?? '1G'),
      isSaved: saved ?? false,
    };
  }
  const given = Object.entries({ '--kernel': kernel, '--cpus': cpus, '--memory': memory, '--saved': saved }).find(
    ([, value]) => value !== undefined,
  );
  if (given === undefined) return null;
  throw new TransshipError('usage', `${given[0]}: hosts in namespaces have this machine's own`, 'add --kind vm');
}

function cpusOf(text: string): number {
  if (/^[1-9]\d?$/.test(text)) return Number(text);
  throw new TransshipError('usage', `--cpus ${text}: not a number of CPUs`, '1 to 99');
}

/** 384 MiB boots Docker; below it, it dies of it. */
const leastMib = 384;

function mebibytes(text: string): number {
  const [, number, unit] = /^(\d+)([MG])$/i.exec(text) ?? [];
  const size = Number(number) * (unit?.toUpperCase() === 'G' ? 1024 : 1);
  if (size >= leastMib) return size;
  throw new TransshipError('usage', `--memory ${text}: not a size that Docker runs in`, `${leastMib}M or more, as 512M or 2G`);
}

/** A set that is up is taken as it is, unless something else is asked for by name. */
function refuseOther(present: ReturnType<typeof readTestbed>, { kind, packages, kernel, criu, docker }: Options): void {
  if (present === null || !present.hosts.every((host) => isAlive(host.initPid, host.initStart))) return;
  refuseEarlier(present);
  const asked = { kernel, criu, docker };
  const other = (['kernel', 'criu', 'docker'] as const).find(
    (name) => asked[name] !== undefined && !present.versions[name].startsWith(asked[name]),
  );
  const what =
    (present.kind !== kind && `hosts of the kind ${present.kind}`) ||
    (packages !== undefined && packages !== present.packages && `packages ${present.packages}`) ||
    (other !== undefined && `${other} ${present.versions[other]}`);
  if (what === false) return;
  throw new TransshipError('not-ready', `set '${present.set}' is up, with ${what}`, 'transship testbed down first');
}
