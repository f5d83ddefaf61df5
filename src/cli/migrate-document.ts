import { join } from 'node:path';
import { readRecords } from '../evidence/json-lines.ts';
import type { Manifest } from '../evidence/manifest.ts';
import type { JournalRecord } from '../evidence/records.ts';
import { type RunFolder, runFiles } from '../evidence/run-folder.ts';
import type { Trace } from '../trace/span.ts';
import { nsToUs } from '../trace/time.ts';
import { criuNumbers } from './criu-numbers.ts';
import { observedUs, tracedUs } from './readings.ts';

/** `migrate --format json`: the fields are a contract (docs/json.md). */
export function migrationDocument(folder: RunFolder, manifest: Manifest, trace: Trace): object {
  const criu = criuNumbers(trace);
  return {
    schema: 'transship.migrate/1',
    run: manifest.run,
    outcome: manifest.outcome,
    warnings: [...manifest.warnings, ...trace.warnings, ...trace.inconsistencies],
    error: manifest.error,
    container: {
      name: manifest.container?.name ?? null,
      sourceId: manifest.container?.sourceId ?? null,
      destinationId: manifest.container?.destinationId ?? null,
    },
    strategy: manifest.strategy,
    downtime: {
      observedUs: observedUs(manifest),
      tracedUs: tracedUs(trace),
      probes: manifest.probes.map(({ kind, gapUs, resolutionUs, retransmits }) => ({ kind, gapUs, resolutionUs, retransmits })),
    },
    predicted: manifest.predicted ?? [],
    chosenWhy: manifest.chosenWhy ?? null,
    downtimeLimitUs: manifest.downtimeLimitUs ?? null,
    criu: { frozenUs: criu.frozen_time, restoreUs: criu.restore_time },
    explained: trace.explained,
    explainedAtLeast: trace.explainedAtLeast,
    explainedRun: trace.explainedRun,
    bytes: manifest.bytes,
    steps: stepsOf(folder),
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

function stepsOf(folder: RunFolder): object[] {
  const records = readRecords<JournalRecord>(join(folder.path, runFiles.journal));
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
