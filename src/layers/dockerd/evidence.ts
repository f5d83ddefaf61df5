import { existsSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { damagedHint, readDocument } from '../../evidence/checked.ts';
import { bytesOfImages, listedImages } from '../../evidence/image-list.ts';
import { readRecords } from '../../evidence/json-lines.ts';
import { checkpointFolderRecord, dockerEventRecord } from '../../evidence/record-schemas.ts';
import type { CheckpointFolderRecord, DockerEventRecord } from '../../evidence/records.ts';
import { fileTickNs } from '../../trace/time.ts';
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
  /** What the images have in bytes, where it is known; by their list without the 49 bytes that Docker itself puts beside them. */
  readonly imagesBytes: number | null;
}

/** @throws TransshipError `input` when the events are damaged; a log that is none has no lines. */
export function readDockerdEvidence(hostFolder: string, subject: DaemonSubject): DockerdEvidence {
  const host = basename(hostFolder);
  const log = join(hostFolder, 'dockerd.log');
  const unpacked = readUnpacked(hostFolder);
  const lines = existsSync(log) ? parseDaemonLog(readFileSync(log, 'utf8')) : [];
  return {
    host,
    ...subject,
    logPath: `evidence/${host}/dockerd.log`,
    lines: [...lines, ...fileMoments(unpacked)].sort((a, b) => (a.timeNs < b.timeNs ? -1 : a.timeNs > b.timeNs ? 1 : 0)),
    events: readRecords(join(hostFolder, 'events.jsonl'), dockerEventRecord),
    imagesBytes: unpacked?.bytes ?? bytesOfImages(listedImages(hostFolder)),
  };
}

function readUnpacked(hostFolder: string): CheckpointFolderRecord | null {
  const file = join(hostFolder, 'checkpoint-folder.json');
  return existsSync(file) ? readDocument(file, checkpointFolderRecord, damagedHint) : null;
}

/** Moments that no line of the log tells, told as lines. What the time of a file tells happened a tick later at most. */
function fileMoments(unpacked: CheckpointFolderRecord | null): readonly DaemonLine[] {
  if (unpacked === null) return [];
  const moment = (text: string, timeNs: string) => ({ line: null, timeNs: BigInt(timeNs), lateNs: fileTickNs, text });
  return [
    moment(`first file unpacked by ${unpacked.by}`, unpacked.firstMadeNs),
    moment(`last file unpacked by ${unpacked.by}`, unpacked.lastChangedNs),
  ];
}
