import type { ProbeReading } from '../evidence/manifest.ts';
import type { ProbeRecord } from '../evidence/records.ts';
import { type Gap, type GapLog, gapMs } from './gap-log.ts';
import { wallNs } from './gap-record.ts';
import type { LagMeter } from './lag-meter.ts';
import type { ProtocolName } from './protocol.ts';
import type { RequestTarget } from './request-target.ts';
import { type Retransmits, retransmitNotes } from './retransmits.ts';

/** A stall of this process that is worth a word. */
const toldLagMs = 5;
/** Silence at the end that is worth a word. */
const toldTailMs = 100;

export interface RequestsSeen {
  readonly log: GapLog;
  readonly targets: readonly RequestTarget[];
  readonly lag: LagMeter;
  readonly protocol: ProtocolName;
  readonly endMs: number;
  /** Of the connections that answered at the end. */
  readonly retransmits: Retransmits | null;
}

/** The reading, and the gap it is made of. Without an end of the silence `gapUs` is null, and so without any answer. */
export function requestsReading(seen: RequestsSeen): { reading: ProbeReading; gap: Gap | null } {
  const { log, endMs } = seen;
  const hasMoved = log.move !== null && log.othersAfterMove === 0;
  const tailMs = log.last === null ? 0 : endMs - log.last.atMs;
  const longest = hasMoved ? log.move : log.longest;
  const isOpen = !hasMoved && tailMs > toldTailMs && (longest === null || tailMs > gapMs(longest));
  const gap = isOpen ? null : longest;
  const from = isOpen ? log.last : (gap?.from ?? null);
  const reading: ProbeReading = {
    kind: 'requests',
    target: gap === null ? (from?.target ?? seen.targets[0]?.name ?? null) : namesOf(gap),
    gapUs: gap === null ? null : roundUs(gapMs(gap)),
    gapStartNs: from === null ? null : `${wallNs(from.atMs)}`,
    gapEndNs: gap === null ? null : `${wallNs(gap.to.atMs)}`,
    resolutionUs: resolutionUs(seen, gap),
    retransmits: seen.retransmits?.lost ?? null,
    note: notesOf(seen, gap, tailMs).join('; ') || null,
  };
  return { reading, gap };
}

export function requestsSummary({ log, targets, lag }: RequestsSeen): ProbeRecord {
  return {
    kind: 'summary',
    probe: 'requests',
    answers: log.answers,
    targets: targets.map((target) => ({
      target: target.name,
      sent: target.sent,
      unsent: target.unsent,
      unanswered: target.unanswered,
      attempts: target.attempts,
      silentAttempts: target.silentAttempts,
      intervalP50Us: target.intervals.quantileUs(0.5),
      intervalP99Us: target.intervals.quantileUs(0.99),
    })),
    ownLagP99Us: lag.quantileUs(0.99),
    ownLagMaxUs: roundUs(lag.maxMs),
  };
}

/**
 * The gap is never shorter than the truth, and at each end at most one interval between two chances to be answered
 * longer: the 99th percentile of those that were measured, of the target where it is coarser, and 1 ms at least.
 */
function resolutionUs({ targets }: RequestsSeen, gap: Gap | null): number {
  const ends = targets.filter(({ name }) => gap === null || name === gap.from.target || name === gap.to.target);
  return Math.max(1_000, ...ends.map((target) => target.intervals.quantileUs(0.99)));
}

function notesOf(seen: RequestsSeen, gap: Gap | null, tailMs: number): readonly string[] {
  const { log, lag, protocol } = seen;
  const notes: string[] = [];
  if (log.first === null) notes.push('no answer at all');
  if (protocol === 'tcp') notes.push('connects only: the kernel of a frozen container still accepts');
  if (tailMs > toldTailMs) notes.push(`no answer in the last ${tailMs.toFixed(0)} ms`);
  if (log.othersAfterMove > 0) notes.push(`the source answered ${log.othersAfterMove} times after the destination's first`);
  if (log.longest !== null && gap !== null && gapMs(log.longest) > gapMs(gap)) {
    notes.push(`a longer silence of ${gapMs(log.longest).toFixed(1)} ms was no move`);
  }
  const dropping = seen.targets.find((target) => target.silentAttempts > 0);
  if (dropping !== undefined) {
    // Seen on a Docker bridge: the first packet comes before the container's interface is up, and ARP asks again after 1 s.
    notes.push(
      `${dropping.silentAttempts} connections to ${dropping.name} were neither accepted nor refused (ARP? packet filter?)`,
    );
  }
  notes.push(...retransmitNotes(seen.retransmits));
  if (gap !== null && gap.ownStallMs > toldLagMs) {
    notes.push(`the probe itself stood still for ${gap.ownStallMs.toFixed(1)} ms of it (loaded machine)`);
  } else if (lag.maxMs > toldLagMs) notes.push(`the probe itself was late by up to ${lag.maxMs.toFixed(1)} ms (loaded machine)`);
  return notes;
}

function namesOf(gap: Gap): string {
  return gap.from.target === gap.to.target ? gap.to.target : `${gap.from.target} to ${gap.to.target}`;
}

function roundUs(ms: number): number {
  return Math.round(ms * 1e3);
}
