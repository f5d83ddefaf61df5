import { existsSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { readRecords } from '../../evidence/json-lines.ts';
import type { DockerEventRecord } from '../../evidence/records.ts';
import { type DaemonLine, parseDaemonLog } from './log-lines.ts';

/** What dockerd left of the run's time on one host, by that host's clock. */
export interface DockerdEvidence {
  readonly host: string;
  readonly role: 'source' | 'destination';
  /** Where the log lies in the run's folder. */
  readonly logPath: string;
  readonly lines: readonly DaemonLine[];
  readonly events: readonly DockerEventRecord[];
}

/** @throws TransshipError `input` when the events are damaged; a log that is none has no lines. */
export function readDockerdEvidence(hostFolder: string, role: 'source' | 'destination'): DockerdEvidence {
  const host = basename(hostFolder);
  const log = join(hostFolder, 'dockerd.log');
  return {
    host,
    role,
    logPath: `evidence/${host}/dockerd.log`,
    lines: existsSync(log) ? parseDaemonLog(readFileSync(log, 'utf8')) : [],
    events: readRecords<DockerEventRecord>(join(hostFolder, 'events.jsonl')),
  };
}
