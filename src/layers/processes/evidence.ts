import { existsSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { readRecords } from '../../evidence/json-lines.ts';
import { callRecord } from '../../evidence/record-schemas.ts';
import type { CallRecord } from '../../evidence/records.ts';
import type { LayerSpans } from '../../trace/layer-spans.ts';
import { parseKernelTrace } from './kernel-trace.ts';
import { isWrapper } from './names.ts';
import { type Process, processTable } from './process-table.ts';

/** A program's life, with the words it was called with where a wrapper has noted them. */
export interface Call {
  readonly process: Process;
  readonly record: CallRecord | null;
}

/** What kernel and wrappers noted of programs on one host. */
export interface ProcessEvidence {
  readonly host: string;
  readonly role: 'source' | 'destination';
  readonly calls: readonly Call[];
  readonly anchor: LayerSpans['anchor'];
  readonly warnings: readonly string[];
}

/** @throws TransshipError `input` when the wrappers' records are damaged */
export function readProcessEvidence(hostFolder: string, role: ProcessEvidence['role']): ProcessEvidence {
  const host = basename(hostFolder);
  const records = readRecords(join(hostFolder, 'wrap.jsonl'), callRecord);
  const file = join(hostFolder, 'kernel.trace');
  const trace = existsSync(file) ? parseKernelTrace(readFileSync(file, 'utf8')) : null;
  const isUndated = trace === null && existsSync(file);
  const seen = processTable(trace?.events ?? []);
  return {
    host,
    role,
    calls: trace === null ? fromRecords(records) : joinRecords(seen, records),
    anchor: trace === null ? noticed : { means: "the kernel's trace clock, read against the wall clock", boundNs: trace.boundNs },
    warnings: [
      ...(isUndated ? [`evidence/${host}/kernel.trace: no mark tells its clock: left out`] : []),
      ...(trace?.lost
        ? [`evidence/${host}/kernel.trace: the oldest ${trace.lost} events found no room: programs may be missing`]
        : []),
    ],
  };
}

/** A moment after the fact: 0.1 ms at best, up to 20 ms were seen on a machine that was busy otherwise. */
const noticed = { means: 'when the wrappers’ calls were noticed', boundNs: 20_000_000n };

/**
 * The kernel counts processes as the machine does, the wrapper as its host does, which is mostly the same. Where it is not, the order of the
 * calls of one program joins them, and that a call is noticed after it began.
 */
function joinRecords(processes: readonly Process[], records: readonly CallRecord[]): readonly Call[] {
  const left = [...records];
  return processes.map((process) => {
    const wrapper = process.execs.find(({ path }) => isWrapper(path));
    if (wrapper === undefined) return { process, record: null };
    const isOfIt = ({ program, startNs }: CallRecord) =>
      program === basename(wrapper.path) && (startNs === null || BigInt(startNs) >= wrapper.atNs - slackNs);
    const same = left.findIndex((record) => record.pid === process.pid && isOfIt(record));
    const at = same >= 0 ? same : left.findIndex(isOfIt);
    const [record = null] = at < 0 ? [] : left.splice(at, 1);
    return { process, record };
  });
}

/** Of the two clocks that are compared. */
const slackNs = 200_000n;

/** Where the kernel was not asked: what was noticed from outside. A call whose end was missed is left out. */
function fromRecords(records: readonly CallRecord[]): readonly Call[] {
  const living = new Map<number, Process>();
  return records.flatMap((record) => {
    const { pid, parentPid, program, startNs, endNs } = record;
    if (startNs === null) return [];
    const at = BigInt(startNs);
    const execs = [{ atNs: at, path: program }];
    const end = endNs === null ? null : BigInt(endNs);
    const process: Process = { pid, parent: living.get(parentPid) ?? null, starter: '', startNs: at, execs, endNs: end };
    living.set(pid, process);
    return { process, record };
  });
}
