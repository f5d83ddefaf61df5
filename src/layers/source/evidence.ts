import { existsSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { readRecords } from '../../evidence/json-lines.ts';
import { sourceRecord, uprobeRecord } from '../../evidence/record-schemas.ts';
import type { SourceRecord } from '../../evidence/records.ts';
import type { LayerSpans } from '../../trace/layer-spans.ts';
import { callsOfUprobes } from './uprobe-trace.ts';

/** A call of the path, told by the program itself or noted by the kernel. */
export type KnownCall = Omit<SourceRecord, 'ppid'>;

/** What is known of calls within programs, of the run's time on one host, by that host's clock. */
export interface SourceEvidence {
  readonly host: string;
  readonly role: 'source' | 'destination';
  /** The container's name and id there: what was done for others is not told. */
  readonly containers: readonly string[];
  readonly records: readonly KnownCall[];
  readonly anchor: LayerSpans['anchor'];
  readonly warnings: readonly string[];
}

type Subject = Pick<SourceEvidence, 'role' | 'containers'>;

/** Instrumented programs tell of their calls, and of those that are not the kernel does where it was asked: never both on one host. */
export function readSourceEvidence(hostFolder: string, subject: Subject): SourceEvidence {
  const host = basename(hostFolder);
  const told = { host, ...subject, records: readRecords(join(hostFolder, 'source.jsonl'), sourceRecord), anchor: ownClock };
  const places = readRecords(join(hostFolder, 'uprobes.jsonl'), uprobeRecord);
  const file = join(hostFolder, 'uprobes.trace');
  if (places.length === 0 || !existsSync(file)) return { ...told, warnings: [] };
  const noted = callsOfUprobes(readFileSync(file, 'utf8'), places);
  const name = `evidence/${host}/uprobes.trace`;
  if (noted === null) return { ...told, warnings: [`${name}: no mark tells its clock: left out`] };
  const anchor = { means: "the kernel's trace clock, read against the wall clock", boundNs: noted.boundNs };
  const warnings = [
    ...(noted.lost > 0 ? [`${name}: the oldest ${noted.lost} events found no room: calls may be missing`] : []),
    ...(noted.unended > 0 ? [`${name}: ${noted.unended} calls whose end nobody saw: left out`] : []),
  ];
  return { ...told, records: noted.records, anchor, warnings };
}

const ownClock = { means: "the program's own clock readings", boundNs: 0n };
