/** Passages at the path's functions in programs that were not built to tell of them, as the kernel noted them (src/uprobes/). */
import type { SourceRecord, UprobeRecord } from '../../evidence/records.ts';
import { type KernelLine, readKernelText } from '../../trace/kernel-text.ts';
import type { Ns } from '../../trace/time.ts';
import type { KnownCall } from './evidence.ts';

export interface UprobeCalls {
  readonly records: readonly KnownCall[];
  /** How far all of them may be off together. */
  readonly boundNs: Ns;
  /** Events that the kernel had no room for: the oldest. */
  readonly lost: number;
  /** Calls whose end nobody saw: the process ended in them, or they went on. */
  readonly unended: number;
}

interface Begun {
  readonly place: UprobeRecord;
  readonly atNs: Ns;
  /** Which beginning it was: of two in one microsecond the first is the caller's. */
  readonly order: number;
}

/**
 * Beginnings and ends joined to calls: by process and goroutine, which are one thread of events, whatever thread of the kernel ran it. What is
 * still open above the call that ends was left by a panic; a beginning told twice, where the stack grew, counts from the second.
 *
 *   goroutine g  enter Checkpoint · enter criuSwrk · leave criuSwrk · leave Checkpoint
 *
 * @returns null without marks that tell the clock: nothing can be dated then
 */
export function callsOfUprobes(text: string, places: readonly UprobeRecord[]): UprobeCalls | null {
  const read = readKernelText(text);
  if (read === null) return null;
  const byNumber = new Map(places.map((place) => [place.number, place]));
  const processOf = processes(read.lines);
  const open = new Map<string, Begun[]>();
  const ended: { readonly record: KnownCall; readonly order: number }[] = [];
  let order = 0;
  for (const { atNs, task, event, rest } of read.lines) {
    const [, number, goroutine] = /\bn=(\d+) g=0x([0-9a-f]+)$/.exec(rest) ?? [];
    const place = byNumber.get(Number(number));
    if (place === undefined || goroutine === undefined) continue;
    const pid = processOf.get(task) ?? task;
    const key = `${place.program} ${pid} ${goroutine}`;
    const stack = open.get(key) ?? [];
    open.set(key, stack);
    if (event === 'enter') stack.push({ place, atNs, order: order++ });
    else {
      const at = stack.findLastIndex((begun) => begun.place === place);
      const [begun] = at < 0 ? [] : stack.splice(at);
      if (begun === undefined) continue;
      const record = recordOf(begun, atNs, { pid, goroutine: Number.parseInt(goroutine, 16) });
      ended.push({ record, order: begun.order });
    }
  }
  const unended = [...open.values()].reduce((count, stack) => count + stack.length, 0);
  const records = ended.sort((a, b) => a.order - b.order).map(({ record }) => record);
  return { records, boundNs: read.boundNs, lost: read.lost, unended };
}

/** A thread that the kernel once knew the process of is of that one all along. */
function processes(lines: readonly KernelLine[]): ReadonlyMap<number, number> {
  return new Map(lines.flatMap(({ task, process }) => (process === null ? [] : [[task, process] as const])));
}

function recordOf({ place, atNs }: Begun, endNs: Ns, ids: Pick<SourceRecord, 'pid' | 'goroutine'>): KnownCall {
  const called = { name: place.name, code: place.code ?? place.name, program: place.program };
  return { ...called, startNs: String(atNs), endNs: String(endNs), attributes: {}, ...ids };
}
