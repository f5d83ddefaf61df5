import { join } from 'node:path';
import { readRecords } from '../../evidence/json-lines.ts';
import { processRecord } from '../../evidence/record-schemas.ts';
import type { ProcessRecord } from '../../evidence/records.ts';
import type { AttributeValue, LayerSpan, LayerSpans } from '../../trace/layer-spans.ts';

/** `processes.jsonl` of a run of `record`; none of an import. */
export function readProcesses(hostFolder: string): readonly ProcessRecord[] {
  return readRecords(join(hostFolder, 'processes.jsonl'), processRecord);
}

/**
 * The command that was recorded, and the processes below it: engine, runtime, CRIU. They were looked at every few milliseconds only, and
 * that is how far their ends may be off. What CRIU's logs tell hangs below by its time.
 */
export function spansOf(processes: readonly ProcessRecord[], host: string): readonly LayerSpans[] {
  if (processes.length === 0) return [];
  const boundNs = processes.reduce((most, { boundNs: one }) => (BigInt(one) > most ? BigInt(one) : most), 0n);
  const known = new Set(processes.map(({ pid }) => pid));
  const spans = processes.map((record) => processSpan(record, known));
  return [{ service: 'transship', host, role: 'controller', spans, anchor: { means: 'seen in /proc', boundNs } }];
}

function processSpan(record: ProcessRecord, known: ReadonlySet<number>): LayerSpan {
  const { parentPid, program, verb } = record;
  const rest = spanOfItself(record);
  if (parentPid === null) return { ...rest, name: 'record', parentKey: undefined };
  const words = verb === null ? program : `${program} ${verb}`;
  return { ...rest, name: `process ${words}`, parentKey: known.has(parentPid) ? `process ${parentPid}` : undefined };
}

function spanOfItself(record: ProcessRecord): Omit<LayerSpan, 'name' | 'parentKey'> {
  const { pid, program, exitCode = null } = record;
  const attributes: Record<string, AttributeValue> = { 'process.pid': pid, 'process.executable.name': program };
  if (exitCode !== null) attributes['process.exit.code'] = exitCode;
  return {
    key: `process ${pid}`,
    startNs: BigInt(record.startNs),
    endNs: BigInt(record.endNs),
    evidence: 'bounded',
    attributes,
    events: [],
    isWait: true,
    ...(exitCode === null || exitCode === 0 ? {} : { error: `exit status ${exitCode}` }),
  };
}
