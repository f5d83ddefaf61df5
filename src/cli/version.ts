import { Command } from 'commander';
import type { HostFacts } from '../evidence/manifest.ts';
import { framelessTable } from './frameless-table.ts';
import { escapeText, terminalOf, withFormat } from './terminal.ts';
import { transshipVersion } from './version-of.ts';

export const versionCommand: Command = withFormat(new Command('version'))
  .summary("print Transship's version, and what runs on the hosts")
  .argument('[hosts...]', 'local, ssh://[user@]host[:port], test:NAME, default, or a Docker context')
  .addHelpText('after', '\nExample:\n  transship version test:a test:b')
  .action(run);

async function run(specs: readonly string[], _options: object, command: Command): Promise<void> {
  const terminal = terminalOf(command);
  const hosts = await Promise.all(specs.map(factsOf));
  const transship = transshipVersion();
  const rows = hosts.map((facts) => columns.map(({ value }) => escapeText(value(facts) ?? '-')));
  const table =
    hosts.length === 0
      ? ''
      : await framelessTable(
          rows,
          columns.map(({ head }) => head),
        );
  terminal.result({ schema: 'transship.version/1', transship, node: process.version, hosts }, () =>
    [`transship ${transship} (node ${process.version})`, table].join('\n').trimEnd(),
  );
}

const columns: readonly { readonly head: string; readonly value: (facts: HostFacts) => string | null }[] = [
  { head: 'HOST', value: ({ name }) => name },
  { head: 'DOCKER', value: ({ versions }) => versions.docker },
  { head: 'CONTAINERD', value: ({ versions }) => versions.containerd },
  { head: 'RUNC', value: ({ versions }) => versions.runc },
  { head: 'CRIU', value: ({ versions }) => versions.criu },
  { head: 'KERNEL', value: ({ kernel }) => kernel },
  { head: 'ARCH', value: ({ architecture }) => architecture },
  { head: 'CGROUP', value: ({ cgroupVersion }) => cgroupVersion },
  { head: 'OS', value: ({ os }) => os },
];

async function factsOf(spec: string): Promise<HostFacts> {
  const { connectHost } = await import('../hosts/connect.ts');
  await using host = await connectHost(spec);
  return await host.facts();
}
