import { Command } from 'commander';
import { TransshipError } from '../error.ts';
import type { Manifest } from '../evidence/manifest.ts';
import { listRuns, readManifest } from '../evidence/open-run.ts';
import { type RunFolder, tracesRoot } from '../evidence/run-folder.ts';
import { formatNs, usToNs } from '../trace/time.ts';
import { observedUs } from './readings.ts';
import { escapeText, terminalOf, withFormat } from './terminal.ts';

export const runsCommand: Command = withFormat(new Command('runs'))
  .summary('list the runs')
  .description('Lists every run that can be shown: the own ones, and the samples that come with the package.')
  .addHelpText('after', '\nExample:\n  transship runs')
  .action(run);

interface Listed {
  readonly folder: RunFolder;
  readonly manifest: Manifest;
}

function run(_options: object, command: Command): void {
  const terminal = terminalOf(command);
  const runs = listRuns().flatMap((folder): Listed[] => {
    try {
      return [{ folder, manifest: readManifest(folder) }];
    } catch (error) {
      if (!(error instanceof TransshipError)) throw error;
      terminal.warn(escapeText(error.message)); // one damaged run must not hide the others
      return [];
    }
  });
  terminal.result({ schema: 'transship.runs/1', runs: runs.map(document) }, () => table(runs));
}

function document({ folder, manifest }: Listed): object {
  return {
    run: folder.run,
    path: folder.path,
    kind: manifest.kind,
    createdNs: manifest.createdNs,
    container: manifest.container?.name ?? null,
    source: manifest.hosts.source?.name ?? null,
    destination: manifest.hosts.destination?.name ?? null,
    strategy: manifest.strategy,
    outcome: manifest.outcome,
    observedUs: observedUs(manifest),
  };
}

/** Blanks between the columns and a dash for what is unknown, so that awk can count fields. */
function table(runs: readonly Listed[]): string {
  if (runs.length === 0) return `no runs in ${tracesRoot()}`;
  const rows = runs.map(({ folder, manifest }) => {
    const downUs = observedUs(manifest);
    return [
      folder.run,
      new Date(Number(BigInt(manifest.createdNs) / 1_000_000n)).toISOString().slice(0, 19),
      manifest.kind,
      escapeText(manifest.container?.name ?? '-'),
      escapeText(manifest.hosts.source?.name ?? '-'),
      escapeText(manifest.hosts.destination?.name ?? '-'),
      manifest.strategy ?? '-',
      manifest.outcome ?? '-',
      downUs === null ? '-' : formatNs(usToNs(downUs)).replace(' ', ''),
    ];
  });
  const all = [['RUN', 'WHEN', 'KIND', 'CONTAINER', 'FROM', 'TO', 'STRATEGY', 'OUTCOME', 'DOWNTIME'], ...rows];
  const widths = all[0]?.map((_, column) => Math.max(...all.map((row) => row[column]?.length ?? 0))) ?? [];
  return all
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
