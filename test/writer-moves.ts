import { join } from 'node:path';
import { expect } from 'vitest';
import { readRecords } from '../src/evidence/json-lines.ts';
import { journalRecord } from '../src/evidence/record-schemas.ts';
import type { JournalRecord } from '../src/evidence/records.ts';
import { type RunFolder, runFiles } from '../src/evidence/run-folder.ts';
import type { StopLimits } from '../src/migrate/direct/stop-rule.ts';
import type { StrategyName } from '../src/migrate/strategies/names.ts';
import { onHost } from './destination-state.ts';
import { moveIt } from './mover.ts';
import type { TwoHosts } from './two-hosts.ts';
import { startWriter, type Writer } from './writer.ts';

/** Of the machines that it is moved between: their kernel tracks changed pages. */
export const writerVm = { kernel: '6.12', cpus: 1, memoryMib: 1024 } as const;

interface Round {
  readonly iteration: number;
  readonly pagesWritten: number;
  readonly pagesSkipped: number;
}

interface WriterMove {
  readonly strategy: StrategyName;
  readonly writer: Writer;
  readonly preCopy?: Partial<StopLimits>;
}

/** Moves a container that writes, which has to go on there. */
export async function moveWriter(hosts: TwoHosts, { strategy, writer, preCopy = {} }: WriterMove) {
  await startWriter(hosts.a, writer);
  const { manifest, folder } = await moveIt(hosts, { container: 'writer', options: { strategy, preCopy } });
  expect(manifest).toMatchObject({ outcome: 'migrated', error: null });
  expect(await onHost(hosts.b, 'docker exec writer cat /first && echo && docker exec writer cat /passes')).toMatch(
    /^1\n\d+$/, // the same process as on the source, and it goes on
  );
  return { manifest, rounds: roundsOf(folder), folder };
}

export async function removeContainers({ a, b }: TwoHosts): Promise<void> {
  for (const host of [a, b]) await host.shell.run('docker rm -fv $(docker ps -aq)', { timeoutMs: 120_000 });
}

function journalOf(folder: RunFolder): readonly JournalRecord[] {
  return readRecords(join(folder.path, runFiles.journal), journalRecord);
}

function roundsOf(folder: RunFolder): readonly Round[] {
  return journalOf(folder)
    .filter(({ step, event }) => step === 'pre-dump' && event === 'note')
    .map(({ detail }) => detail as unknown as Round);
}

export function endOf(folder: RunFolder, name: string): Readonly<Record<string, unknown>> {
  return journalOf(folder).find(({ step, event }) => step === name && event === 'end')?.detail ?? {};
}

export function stopReason(folder: RunFolder): string {
  return String(endOf(folder, 'pre-dump').stopped);
}
