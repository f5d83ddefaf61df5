import { Command, Option } from 'commander';
import { execa } from 'execa';
import type { CgroupMode } from '../../vm/cgroup.ts';
import { isAlive } from '../../vm/process-identity.ts';
import { readTestbed, type TestHost, testbedSet } from '../../vm/testbed-state.ts';
import { type PackageSet, packageSets } from '../../vm/versions.ts';
import { TransshipError } from '../error.ts';
import { terminalOf, withFormat } from './terminal.ts';

const up = new Command('up')
  .summary('make the two test hosts, a and b')
  .addOption(
    new Option('--packages <set>', 'what the hosts are made of: debian13 (Docker 26), or testing (Docker 28 or later)')
      .choices(packageSets)
      .default('debian13'),
  )
  .option('--cgroup <version>', "v2, or v1: this machine's v1 controllers, for containers with limits", 'v2')
  .addHelpText('after', '\nExample:\n  transship testbed up && transship doctor test:a test:b')
  .action(runUp);

const down = new Command('down')
  .summary('remove them, also half-made ones')
  .addHelpText('after', '\nExample:\n  TRANSSHIP_TESTBED=mine transship testbed down')
  .action(runDown);

const status = withFormat(new Command('status'))
  .summary('print what is up')
  .addHelpText('after', '\nExample:\n  transship testbed status --format json')
  .action(runStatus);

const exec = new Command('exec')
  .summary('run a command on a test host, as root')
  .usage('NAME -- CMD...')
  .argument('<name>', 'a or b')
  .argument('<command...>', 'the command and its arguments')
  .passThroughOptions()
  .addHelpText('after', '\nExample:\n  transship testbed exec a -- docker ps')
  .action(runExec);

export const testbedCommand: Command = new Command('testbed')
  .summary('two Docker hosts in namespaces of this machine, to try everything on')
  .enablePositionalOptions()
  .addCommand(up)
  .addCommand(down)
  .addCommand(status)
  .addCommand(exec)
  .addHelpText(
    'after',
    '\n$TRANSSHIP_TESTBED names the set that is meant, when several live side by side.\n\nExample:\n  transship testbed up',
  );

async function runUp(options: { readonly cgroup: string; readonly packages: PackageSet }, command: Command): Promise<void> {
  const terminal = terminalOf(command);
  if (options.cgroup !== 'v1' && options.cgroup !== 'v2')
    throw new TransshipError('usage', `--cgroup ${options.cgroup} is unknown`, 'v1 or v2');
  const { bringUp } = await import('../../vm/testbed-up.ts');
  const set = testbedSet();
  const before = readTestbed(set);
  const interrupt = new AbortController();
  const stop = (): void => interrupt.abort();
  // not `once`: it takes the listener away first, and execa's signal-exit, finding none but its own, raises the signal again
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, stop);
  const startMs = Date.now();
  const state = await bringUp({
    set,
    cgroup: options.cgroup as CgroupMode,
    packages: options.packages,
    say: terminal.say,
    signal: interrupt.signal,
  });
  const isSame = before?.hosts.every((host, index) => host.initStart === state.hosts[index]?.initStart);
  const names = state.hosts.map((host) => `test:${host.name} (${host.address})`).join(' and ');
  const took = isSame ? 'already up' : `up after ${((Date.now() - startMs) / 1000).toFixed(1)} s`;
  terminal.say(`${names} ${took}`);
}

async function runDown(_options: object, command: Command): Promise<void> {
  const terminal = terminalOf(command);
  const { requireRoot } = await import('../../vm/prerequisites.ts');
  const { hasRemains, takeDown } = await import('../../vm/testbed-down.ts');
  requireRoot();
  const set = testbedSet();
  if (!hasRemains(set)) return terminal.say(`set '${set}' is not up`);
  await takeDown(set);
  terminal.say(`set '${set}' is gone`);
}

function runStatus(_options: object, command: Command): void {
  const terminal = terminalOf(command);
  const set = testbedSet();
  const state = readTestbed(set);
  const hosts = (state?.hosts ?? []).map((host) => ({ ...host, isUp: isAlive(host.initPid, host.initStart) }));
  const document = { schema: 'transship.testbed/1', set, state, hosts };
  terminal.result(document, () => {
    if (state === null) return `set '${set}' is not up`;
    const rows = hosts.map((host) => [`test:${host.name}`, host.address, `pid ${host.initPid}`, host.isUp ? 'up' : 'dead']);
    const lines = rows.map((row) =>
      row
        .map((cell) => cell.padEnd(12))
        .join(' ')
        .trimEnd(),
    );
    return [
      ...lines,
      `ssh -F ${state.sshConfig} a`,
      `nsenter --net=${state.wireNamespace} COMMAND   (a client on the wire)`,
    ].join('\n');
  });
}

async function runExec(name: string, words: readonly string[]): Promise<void> {
  const host = hostNamed(name);
  const { requireRoot } = await import('../../vm/prerequisites.ts');
  const { inHost } = await import('../../vm/test-host.ts');
  requireRoot();
  const all = [...inHost(host.initPid, host.initGroups), ...words];
  const result = await execa(all[0] as string, all.slice(1), { stdio: 'inherit', reject: false });
  process.exitCode = result.exitCode ?? 128 + (result.signal === 'SIGINT' ? 2 : 15);
}

function hostNamed(name: string): TestHost {
  const set = testbedSet();
  const state = readTestbed(set);
  if (state === null) throw new TransshipError('not-ready', `set '${set}' is not up`, 'transship testbed up');
  const host = state.hosts.find((candidate) => candidate.name === name || `test:${candidate.name}` === name);
  if (host === undefined)
    throw new TransshipError('usage', `no test host '${name}'`, `one of ${state.hosts.map((h) => h.name).join(', ')}`);
  if (host.initGroups === undefined)
    throw new TransshipError('not-ready', `set '${set}' was made by another version`, 'transship testbed down, then up');
  if (isAlive(host.initPid, host.initStart)) return host;
  throw new TransshipError('not-ready', `test host ${name} is dead`, 'transship testbed up makes the set anew');
}
