import { join } from 'node:path';
import { TransshipError } from '../error.ts';
import { readRecords } from '../evidence/json-lines.ts';
import type { Manifest } from '../evidence/manifest.ts';
import { journalRecord } from '../evidence/record-schemas.ts';
import { type RunFolder, runFiles } from '../evidence/run-folder.ts';
import type { Trace } from '../trace/span.ts';
import { nsToUs } from '../trace/time.ts';
import { criuNumbers } from './criu-numbers.ts';
import { observedUs, tracedUs } from './readings.ts';

/** The trace of the run, or why there is none: a move has an outcome even where its evidence cannot be read. */
export type TraceOrWhy = Trace | { readonly why: string };

/** `migrate --format json`: the fields are a contract; what only a trace can tell is `null` where there is none, and a warning says why. */
export function migrationDocument(folder: RunFolder, manifest: Manifest, read: TraceOrWhy): object {
  const trace = 'why' in read ? null : read;
  const criu = criuNumbers(trace ?? { spans: [] });
  return {
    schema: 'transship.migrate/1',
    run: manifest.run,
    outcome: manifest.outcome,
    warnings: [...manifest.warnings, ...('why' in read ? [read.why] : [...read.warnings, ...read.inconsistencies])],
    error: manifest.error,
    container: {
      name: manifest.container?.name ?? null,
      sourceId: manifest.container?.sourceId ?? null,
      destinationId: manifest.container?.destinationId ?? null,
    },
    strategy: manifest.strategy,
    downtime: {
      observedUs: observedUs(manifest),
      tracedUs: trace && tracedUs(trace),
      probes: manifest.probes.map(({ kind, gapUs, resolutionUs, retransmits }) => ({ kind, gapUs, resolutionUs, retransmits })),
    },
    predicted: manifest.predicted ?? [],
    chosenWhy: manifest.chosenWhy ?? null,
    downtimeLimitUs: manifest.downtimeLimitUs ?? null,
    criu: { frozenUs: criu.frozen_time, restoreUs: criu.restore_time },
    explained: trace?.explained ?? null,
    explainedAtLeast: trace?.explainedAtLeast ?? null,
    explainedRun: trace?.explainedRun ?? null,
    bytes: manifest.bytes,
    steps: trace === null ? stepsIfReadable(folder) : stepsOf(folder),
    // as `podman container checkpoint --print-stats` spells them, in µs
    criu_statistics: {
      freezing_time: criu.freezing_time,
      frozen_time: criu.frozen_time,
      memdump_time: criu.memdump_time,
      memwrite_time: criu.memwrite_time,
      pages_scanned: criu.pages_scanned,
      pages_written: criu.pages_written,
    },
  };
}

function stepsIfReadable(folder: RunFolder): object[] | null {
  try {
    return stepsOf(folder);
  } catch (error) {
    if (error instanceof TransshipError) return null;
    throw error;
  }
}

function stepsOf(folder: RunFolder): object[] {
  const records = readRecords(join(folder.path, runFiles.journal), journalRecord);
  return records
    .filter((record) => record.event === 'begin')
    .map((begin) => {
      const end = records.find(
        (other) => other.seq > begin.seq && other.step === begin.step && (other.event === 'end' || other.event === 'failed'),
      );
      return {
        name: begin.step,
        host: begin.host,
        startNs: begin.atNs,
        durationUs: end === undefined ? null : nsToUs(BigInt(end.atNs) - BigInt(begin.atNs)),
      };
    });
}
