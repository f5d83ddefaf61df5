import { existsSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { readRecords } from '../../evidence/json-lines.ts';
import type { DockerEventRecord } from '../../evidence/records.ts';
import { type DaemonLine, parseDaemonLog } from './log-lines.ts';

/** The run's container on this host. A daemon serves others, too: what it did for them is not told. */
export interface DaemonSubject {
  readonly role: 'source' | 'destination';
  /** Its name and id, as far as they are known. */
  readonly containers: readonly string[];
}

/** What dockerd left of the run's time on one host, by that host's clock. */
export interface DockerdEvidence extends DaemonSubject {
  readonly host: string;
  /** Where the log lies in the run's folder. */
  readonly logPath: string;
  readonly lines: readonly DaemonLine[];
  readonly events: readonly DockerEventRecord[];
}

/** @throws TransshipError `input` when the events are damaged; a log that is none has no lines. */
export function readDockerdEvidence(hostFolder: string, subject: DaemonSubject): DockerdEvidence {
  const host = basename(hostFolder);
  const log = join(hostFolder, 'dockerd.log');
  return {
    host,
    ...subject,
    logPath: `evidence/${host}/dockerd.log`,
    lines: existsSync(log) ? parseDaemonLog(readFileSync(log, 'utf8')) : [],
    events: readRecords<DockerEventRecord>(join(hostFolder, 'events.jsonl')),
  };
}
