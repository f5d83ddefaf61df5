import { basename, join } from 'node:path';
import { readRecords } from '../../evidence/json-lines.ts';
import type { SourceRecord } from '../../evidence/records.ts';

/** What instrumented programs left of the run's time on one host, by that host's clock. */
export interface SourceEvidence {
  readonly host: string;
  readonly role: 'source' | 'destination';
  /** The container's name and id there: what was done for others is not told. */
  readonly containers: readonly string[];
  readonly records: readonly SourceRecord[];
}

/** @throws TransshipError `input` when the events are damaged; a host with its own programs left none. */
export function readSourceEvidence(hostFolder: string, subject: Pick<SourceEvidence, 'role' | 'containers'>): SourceEvidence {
  return { host: basename(hostFolder), ...subject, records: readRecords<SourceRecord>(join(hostFolder, 'source.jsonl')) };
}
