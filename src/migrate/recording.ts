import { join } from 'node:path';
import { appendRecord } from '../evidence/json-lines.ts';
import { hostEvidence, type RunFolder } from '../evidence/run-folder.ts';
import type { Host } from '../hosts/host.ts';
import { messageOf } from './engine.ts';

interface Recording {
  readonly traceId: string;
  /** Takes the first record that is lost, in words. */
  readonly unkept: string[];
}

/** Told in the midst of a move, which a disk that has become full must not end: the first record that is lost is a warning. */
export function recordCalls(folder: RunFolder, host: Host, { traceId, unkept }: Recording): void {
  const append = (file: string, entry: object) => {
    try {
      appendRecord(join(hostEvidence(folder, host.name), file), entry);
    } catch (error) {
      if (unkept.length === 0) unkept.push(`the evidence is not whole: ${messageOf(error)}`);
    }
  };
  host.observe({
    traceId,
    onApiCall: (call) => append('api.jsonl', call),
    onCommand: (command) => append('commands.jsonl', command),
  });
}
