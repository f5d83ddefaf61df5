import type { Ns } from '../../trace/time.ts';
import type { KnownCall } from './evidence.ts';

/** A call that a program told of, among those of its process. */
export interface Call {
  readonly record: KnownCall;
  readonly startNs: Ns;
  readonly endNs: Ns;
  readonly parent: Call | null;
}

/**
 * The calls of one process as trees: within a goroutine by containment, which is exact there; a goroutine's own first calls below the
 * smallest call of another goroutine that encloses them and is not known to be of another container (a tar is written beside its reader).
 *
 *   goroutine 1  Checkpoint ├──────────────┤
 *                Pause        ├──┤             parent: Checkpoint
 *   goroutine 7  WriteDiff           ├───┤     parent: Checkpoint, of another goroutine
 */
export function callTrees(records: readonly KnownCall[]): readonly Call[] {
  const timed = records
    .map((record) => ({ record, startNs: BigInt(record.startNs), endNs: BigInt(record.endNs) }))
    .sort((a, b) => compare(a.startNs, b.startNs) || compare(b.endNs, a.endNs));
  const open = new Map<number, Call[]>();
  const calls: Call[] = [];
  for (const one of timed) {
    const stack = open.get(one.record.goroutine) ?? [];
    while (stack.length > 0 && (stack.at(-1) as Call).endNs < one.endNs) stack.pop();
    const parent = stack.at(-1) ?? elsewhere(one, calls);
    const call: Call = { ...one, parent };
    stack.push(call);
    open.set(one.record.goroutine, stack);
    calls.push(call);
  }
  return calls;
}

function elsewhere(one: Omit<Call, 'parent'>, calls: readonly Call[]): Call | null {
  const own = one.record.attributes['container.id'];
  let least: Call | null = null;
  for (const other of calls) {
    if (other.record.goroutine === one.record.goroutine || other.endNs < one.endNs) continue;
    const theirs = containerOf(other);
    if (own !== undefined && theirs !== undefined && own !== theirs) continue;
    if (least === null || other.endNs - other.startNs <= least.endNs - least.startNs) least = other;
  }
  return least;
}

/** The container of a call, or of the nearest caller that knows it: its id, else what the request called it. */
export function containerOf(call: Call): string | undefined {
  for (let at: Call | null = call; at !== null; at = at.parent) {
    const { attributes } = at.record;
    const known = attributes['container.id'] ?? attributes['container.name'];
    if (known !== undefined) return known;
  }
  return undefined;
}

function compare(a: Ns, b: Ns): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
