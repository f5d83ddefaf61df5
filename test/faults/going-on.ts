import type { JournalRecord } from '../../src/evidence/records.ts';
import { linesOf } from './command.ts';

/** The steps whose undo lets the container go on. */
const letsGoOn: readonly string[] = ['pause', 'dump'];

/**
 * From the failure that the command noted until it knew that the container goes on, by its journal; null where nothing stood still, or where the
 * command itself was killed.
 */
export function goingOnMs(run: string): number | null {
  const records = linesOf(run, 'journal.jsonl').map((line) => JSON.parse(line) as JournalRecord);
  const failed = records.find(({ event }) => event === 'failed');
  const goesOn = records.find(({ step, event }) => letsGoOn.includes(step) && event === 'undo-end');
  if (failed === undefined || goesOn === undefined) return null;
  return Math.round(Number(BigInt(goesOn.atNs) - BigInt(failed.atNs)) / 1e6);
}
