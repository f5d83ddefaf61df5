import type { AlignedMeeting, AlignedSpan } from './aligned-span.ts';
import type { Ns } from './time.ts';

/** Who is called says so 0.07 to 0.3 ms after whoever calls (measured between CRIU's processes). */
const latestNs = 500_000n;

interface Group {
  readonly host: string;
  boundNs: Ns;
  clockBoundNs: Ns;
  moveNs: Ns;
}

/**
 * Sharpens the place in time of logs by what two of them tell of one moment: the surer of the two says where the other lies.
 *
 *   dump        Accepted connection from ──┐ ± 0.25 ms
 *   lazy-pages  Connecting to server      ─┘ ± 2 ms → ± 0.5 ms
 *
 * A meeting that contradicts what is known of the two is of something else, and is left out.
 */
export function anchorByMeeting(spans: readonly AlignedSpan[], meetings: readonly AlignedMeeting[]): readonly AlignedSpan[] {
  const groups = new Map<number, Group>();
  for (const { group, host, boundNs, clockBoundNs } of spans) groups.set(group, { host, boundNs, clockBoundNs, moveNs: 0n });
  const pairs = pairsOf(meetings);
  // each pass carries it one log further, and a chain is no longer than there are logs
  for (let pass = 0; pass < groups.size; pass += 1) {
    if (!pairs.map((pair) => sharpen(pair, groups)).includes(true)) break;
  }
  return spans.map((span) => {
    const { moveNs, boundNs } = groups.get(span.group) as Group;
    return moveNs === 0n && boundNs === span.boundNs
      ? span
      : { ...span, startNs: span.startNs + moveNs, endNs: span.endNs + moveNs, boundNs };
  });
}

interface Pair {
  readonly first: AlignedMeeting;
  readonly second: AlignedMeeting;
}

function pairsOf(meetings: readonly AlignedMeeting[]): readonly Pair[] {
  return meetings
    .filter(({ isFirst }) => isFirst)
    .flatMap((first) => {
      const others = meetings.filter((other) => !other.isFirst && other.with === first.with && other.group !== first.group);
      const [second] = others;
      return second === undefined || others.length > 1 ? [] : [{ first, second }];
    });
}

/** @returns whether anything has become surer */
function sharpen({ first, second }: Pair, groups: ReadonlyMap<number, Group>): boolean {
  const one = groups.get(first.group);
  const other = groups.get(second.group);
  if (one === undefined || other === undefined) return false;
  // where the second lies by the first, and the other way round: `atNs` plus the move is the likely moment of each
  const latenessNs = second.atNs + other.moveNs - (first.atNs + one.moveNs);
  const clockNs = one.host === other.host ? 0n : one.clockBoundNs + other.clockBoundNs;
  const byFirst = narrowed(other, { errorNs: latenessNs - latestNs / 2n, boundNs: anchorBound(one) + latestNs / 2n + clockNs });
  if (byFirst) return true;
  return narrowed(one, { errorNs: latestNs / 2n - latenessNs, boundNs: anchorBound(other) + latestNs / 2n + clockNs });
}

function anchorBound({ boundNs, clockBoundNs }: Group): Ns {
  return boundNs - clockBoundNs;
}

/** Takes the part that both allow. `errorNs`: how far the group lies too late by the meeting. */
function narrowed(group: Group, { errorNs, boundNs }: { readonly errorNs: Ns; readonly boundNs: Ns }): boolean {
  const ownNs = anchorBound(group);
  const fromNs = max(-ownNs, -errorNs - boundNs);
  const toNs = min(ownNs, -errorNs + boundNs);
  const newNs = (toNs - fromNs) / 2n;
  if (toNs < fromNs || newNs + gainNs > ownNs) return false;
  group.moveNs += fromNs + newNs;
  group.boundNs = newNs + group.clockBoundNs;
  return true;
}

/** Less is no gain: a chain of passes comes to its end. */
const gainNs = 1_000n;

const max = (a: Ns, b: Ns): Ns => (a > b ? a : b);
const min = (a: Ns, b: Ns): Ns => (a < b ? a : b);
