import { Command } from 'commander';
import { execa } from 'execa';
import { isAlive } from '../../vm/process-identity.ts';
import { readTestbed, type TestbedState, type TestHost, testbedSet } from '../../vm/testbed-state.ts';
import { TransshipError } from '../error.ts';
import { terminalOf, withFormat } from './terminal.ts';
import { refuseEarlier } from './testbed-earlier.ts';
import { testbedSets } from './testbed-sets.ts';
import { testbedSync } from './testbed-sync.ts';
import { testbedUp } from './testbed-up.ts';

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

const shell = new Command('shell')
  .summary("root's shell on a test host")
  .argument('<name>', 'a or b')
  .addHelpText('after', '\nExample:\n  transship testbed shell a')
  .action((name: string) => runExec(name, ['bash', '-l']));

export const testbedCommand: Command = new Command('testbed')
  .summary('two Docker hosts on this machine, in namespaces or virtual machines, to try everything on')
  .enablePositionalOptions()
  .addCommand(testbedUp)
  .addCommand(down)
  .addCommand(status)
  .addCommand(exec)
  .addCommand(shell)
  .addCommand(testbedSync)
  .addCommand(testbedSets)
  .addHelpText(
    'after',
    '\n$TRANSSHIP_TESTBED names the set that is meant, when several live side by side.\n\nExample:\n  transship testbed up',
  );

async function runDown(_options: object, command: Command): Promise<void> {
  const terminal = terminalOf(command);
  const { hasRemains, takeDown } = await import('../../vm/testbed-down.ts');
  const set = testbedSet();
  if (!hasRemains(set)) return terminal.say(`set '${set}' is not up`);
  await takeDown(set);
  terminal.say(`set '${set}' is gone`);
}

function runStatus(_options: object, command: Command): void {
  const terminal = terminalOf(command);
  const set = testbedSet();
  const state = readTestbed(set);
  if (state !== null) refuseEarlier(state);
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
      madeOf(state),
      `ssh -F ${state.sshConfig} a`,
      ...(state.wireNamespace === null ? [] : [`nsenter --net=${state.wireNamespace} COMMAND   (a client on the wire)`]),
    ].join('\n');
  });
}

function madeOf({ kind, accelerator, init, versions }: TestbedState): string {
  const place = kind === 'vm' ? `virtual machines (${accelerator})` : 'namespaces';
  const { kernel, criu, docker, containerd, runc } = versions;
  const booted =
    init === 'systemd' ? 'systemd is their first process, AppArmor is on' : 'tini is their first process, no AppArmor';
  return `${place}: kernel ${kernel}, CRIU ${criu}, Docker ${docker}, containerd ${containerd}, runc ${runc}\n${booted}`;
}

async function runExec(name: string, words: readonly string[]): Promise<void> {
  const { state, host } = hostNamed(name);
  const { inHost } = await import('../../vm/test-host.ts');
  const all = state.kind === 'vm' ? overSsh(state, host, words) : [...inHost(host.initPid, host.initGroups), ...words];
  const result = await execa(all[0] as string, all.slice(1), { stdio: 'inherit', reject: false });
  process.exitCode = result.exitCode ?? 128 + (result.signal === 'SIGINT' ? 2 : 15);
}

/** ssh gives the words to a shell there: each is quoted, so that it gets them as they were. */
function overSsh({ sshConfig }: TestbedState, { name }: TestHost, words: readonly string[]): readonly string[] {
  const quoted = words.map((word) => `'${word.replaceAll("'", `'\\''`)}'`);
  return ['ssh', '-F', sshConfig, process.stdin.isTTY && process.stdout.isTTY ? '-t' : '-T', name, '--', ...quoted];
}

function hostNamed(name: string): { readonly state: TestbedState; readonly host: TestHost } {
  const set = testbedSet();
  const state = readTestbed(set);
  if (state === null) throw new TransshipError('not-ready', `set '${set}' is not up`, 'transship testbed up');
  refuseEarlier(state);
  const host = state.hosts.find((candidate) => candidate.name === name || `test:${candidate.name}` === name);
  if (host === undefined)
    throw new TransshipError('usage', `no test host '${name}'`, `one of ${state.hosts.map((h) => h.name).join(', ')}`);
  if (isAlive(host.initPid, host.initStart)) return { state, host };
  throw new TransshipError('not-ready', `test host ${name} is dead`, 'transship testbed up makes the set anew');
}
