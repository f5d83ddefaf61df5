import { Command } from 'commander';
import { defaultKernel, hostSets, kernelNames, kernels, packageSets, tried } from '../../vm/versions.ts';
import { framelessTable } from './frameless-table.ts';
import { terminalOf, withFormat } from './terminal.ts';

export const testbedSets: Command = withFormat(new Command('sets'))
  .summary('print the kernels and sets of packages that test hosts can have, and what is known to work together')
  .addHelpText('after', '\nExample:\n  transship testbed sets')
  .action(runSets);

async function runSets(_options: object, command: Command): Promise<void> {
  const sets = packageSets.map((name) => ({ name, ...hostSets[name] }));
  const rows = sets.map(({ name, docker, containerd, runc, criu, why }) => [
    ...[name, criu, docker, containerd, runc],
    ...kernelNames.map((kernel) => known(kernel, name)),
    why,
  ]);
  const head = [
    'packages',
    'criu',
    'docker',
    'containerd',
    'runc',
    ...kernelNames.map((kernel) => `on ${kernels[kernel].series}`),
    '',
  ];
  const table = await framelessTable(rows, head);
  const document = { schema: 'transship.testbed-sets/1', sets, kernels, defaultKernel, tried };
  terminalOf(command).result(document, () =>
    [
      `${table}\n`,
      ...tried.flatMap(({ kernel, set, fails }) => (fails === null ? [] : [`${set} on ${kernels[kernel].series}: ${fails}`])),
      `Versions are those seen when this was written: a mirror has each suite's newest. Virtual machines have kernel ${defaultKernel} unless told; ${kernels.testing.series} is testing's.`,
    ].join('\n'),
  );
}

function known(kernel: string, set: string): string {
  const row = tried.find((candidate) => candidate.kernel === kernel && candidate.set === set);
  if (row === undefined) return 'not tried';
  return row.fails === null ? 'works' : 'fails';
}
