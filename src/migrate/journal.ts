import { join } from 'node:path';
import { appendRecord } from '../evidence/json-lines.ts';
import type { JournalRecord } from '../evidence/records.ts';
import { type RunFolder, runFiles } from '../evidence/run-folder.ts';
import { phaseOf, type StepName } from '../evidence/steps.ts';
import { nowNs } from '../trace/time.ts';
import type { StepDetail } from './step.ts';

export interface Journal {
  /** Writes the record before it returns, so that a killed controller has left word of what it was at. */
  write(entry: {
    readonly step: StepName;
    readonly host: string | null;
    readonly event: JournalRecord['event'];
    readonly detail?: StepDetail;
  }): void;
}

/** @param written how many records it has already: those of a controller that is gone */
export function openJournal(folder: RunFolder, written = 0): Journal {
  const file = join(folder.path, runFiles.journal);
  let seq = written;
  return {
    write: ({ step, host, event, detail = {} }) => {
      seq += 1;
      const record: JournalRecord = { seq, step, phase: phaseOf(step), host, event, atNs: String(nowNs()), detail };
      appendRecord(file, record);
    },
  };
}
