import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { readRecords } from '../../evidence/json-lines.ts';
import type { Manifest } from '../../evidence/manifest.ts';
import { apiRecord, commandRecord, journalRecord } from '../../evidence/record-schemas.ts';
import type { ApiRecord, CommandRecord, JournalRecord } from '../../evidence/records.ts';
import { hostEvidence, type RunFolder, runFiles } from '../../evidence/run-folder.ts';

/** What Transship itself left: all of it by the controller's clock. */
export interface TransshipEvidence {
  readonly manifest: Manifest;
  readonly journal: readonly JournalRecord[];
  readonly hosts: readonly HostCalls[];
}

interface HostCalls {
  readonly host: string;
  readonly api: readonly ApiRecord[];
  readonly commands: readonly CommandRecord[];
}

/** @throws TransshipError `input` when a file is damaged. */
export function readTransshipEvidence(folder: RunFolder, manifest: Manifest): TransshipEvidence {
  return {
    manifest,
    journal: readRecords(join(folder.path, runFiles.journal), journalRecord),
    hosts: evidenceHosts(folder).map((host) => ({
      host,
      api: readRecords(join(hostEvidence(folder, host), 'api.jsonl'), apiRecord),
      commands: readRecords(join(hostEvidence(folder, host), 'commands.jsonl'), commandRecord),
    })),
  };
}

/** The hosts that left evidence, in a fixed order. */
export function evidenceHosts(folder: RunFolder): readonly string[] {
  const root = join(folder.path, 'evidence');
  if (!existsSync(root)) return [];
  const folders = readdirSync(root, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  return folders.map((entry) => entry.name).sort();
}
