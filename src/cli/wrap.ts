import { Command } from 'commander';
import { askConsent } from './consent.ts';
import { interruptSignal } from './interrupt.ts';
import { terminalOf, withFormat } from './terminal.ts';

interface InstallOptions {
  readonly yes?: boolean;
  readonly dryRun?: boolean;
}

const hostWords = 'local, ssh://[user@]host[:port], test:NAME, default, or a Docker context';

const install = new Command('install')
  .summary('put the runtime on a host, for containers that name it')
  .description('Shows everything that it touches, and asks. Again: renews what is missing or of another version.')
  .argument('<host>', hostWords)
  .option('--yes', 'agree without being asked')
  .option('--dry-run', 'print what would be touched, change nothing')
  .addHelpText('after', '\nExample:\n  transship wrap install ssh://root@b.example --dry-run')
  .action(runInstall);

const remove = new Command('remove')
  .summary('take the runtime off a host')
  .description(
    'Afterwards the host is as before, byte for byte. Exit status 3 while a container, running or not, names the runtime.',
  )
  .argument('<host>', hostWords)
  .addHelpText('after', '\nExample:\n  transship wrap remove ssh://root@b.example')
  .action(runRemove);

const status = withFormat(new Command('status'))
  .summary('say on which hosts the runtime is, and which containers name it')
  .argument('<hosts...>', hostWords)
  .addHelpText('after', '\nExample:\n  transship wrap status test:a test:b')
  .action(runStatus);

export const wrapCommand: Command = new Command('wrap')
  .summary("manage Transship's OCI runtime on a host: it stands in front of runc")
  .description('runc itself but for a container that is being moved: its create waits for the images and restores from them.')
  .addCommand(install)
  .addCommand(remove)
  .addCommand(status)
  .addHelpText('after', '\nExample:\n  transship wrap status test:a test:b');

async function runInstall(spec: string, options: InstallOptions, command: Command): Promise<void> {
  const terminal = terminalOf(command);
  const { connectHost } = await import('../hosts/connect.ts');
  const { applyInstall, isInPlace, planInstall } = await import('../wrap/install.ts');
  const { installLines } = await import('./wrap-text.ts');
  await using host = await connectHost(spec);
  const plan = await planInstall(host);
  if (isInPlace(plan)) return terminal.say(`${host.name}: the runtime is installed, and of this version`);
  terminal.result({}, () => [`${host.name}: transship's runtime`, ...installLines(plan)].join('\n'));
  if (options.dryRun) return;
  if (!(await askConsent(`Install it on ${host.name}?`, options.yes ?? false))) {
    terminal.say('nothing was touched');
    process.exitCode = 1;
    return;
  }
  const interrupt = interruptSignal(terminal.say, `what was changed on ${host.name}`);
  try {
    await applyInstall(host, plan, interrupt.signal);
  } finally {
    interrupt.release();
  }
  terminal.say(`${host.name}: installed; transship wrap remove ${spec} takes it off again`);
}

async function runRemove(spec: string, _options: object, command: Command): Promise<void> {
  const terminal = terminalOf(command);
  const { connectHost } = await import('../hosts/connect.ts');
  const { removeRuntime } = await import('../wrap/remove.ts');
  const { removalLine } = await import('./wrap-text.ts');
  await using host = await connectHost(spec);
  const interrupt = interruptSignal(terminal.say, `what was changed on ${host.name}`);
  try {
    terminal.say(removalLine(host.name, await removeRuntime(host, interrupt.signal)));
  } finally {
    interrupt.release();
  }
}

async function runStatus(specs: readonly string[], _options: object, command: Command): Promise<void> {
  const terminal = terminalOf(command);
  const { framelessTable } = await import('./frameless-table.ts');
  const { statusHead, statusRow } = await import('./wrap-text.ts');
  const hosts = await Promise.all(specs.map(statusOf));
  const table = await framelessTable(hosts.map(statusRow), statusHead);
  terminal.result({ schema: 'transship.wrap/1', hosts }, () => table);
}

async function statusOf(spec: string) {
  const { connectHost } = await import('../hosts/connect.ts');
  const { runtimeStatus } = await import('../wrap/status.ts');
  await using host = await connectHost(spec);
  return await runtimeStatus(host);
}
