import type { ProbeReading } from '../evidence/manifest.ts';
import { type GapLog, gapMs } from './gap-log.ts';
import { wallNs } from './gap-record.ts';
import type { ConnectionHistory } from './kept-connection.ts';
import type { LagMeter } from './lag-meter.ts';
import { retransmitNotes } from './retransmits.ts';

const toldLagMs = 5;
const toldTailMs = 500;
/** More breaks than a move makes: it is the server's way. */
const keptNothingBreaks = 20;

export interface ConnectionSeen {
  readonly log: GapLog;
  readonly history: ConnectionHistory;
  readonly lag: LagMeter;
  readonly target: string | null;
  readonly periodMs: number;
  readonly endMs: number;
  /** False for bare TCP, which asks nothing and so hears nothing while the connection stands. */
  readonly asks: boolean;
}

/** The longest time between two answers on the connection that was kept, across its reopening. */
export function connectionReading(seen: ConnectionSeen): ProbeReading {
  const { log, history, endMs } = seen;
  const tailMs = log.last === null || !seen.asks ? 0 : endMs - log.last.atMs;
  const isOpen = tailMs > toldTailMs && (log.longest === null || tailMs > gapMs(log.longest));
  const gap = isOpen ? null : log.longest;
  const from = isOpen ? log.last : (gap?.from ?? null);
  return {
    kind: 'connection',
    target: seen.target,
    gapUs: gap === null ? null : Math.round(gapMs(gap) * 1e3),
    gapStartNs: from === null ? null : `${wallNs(from.atMs)}`,
    gapEndNs: gap === null ? null : `${wallNs(gap.to.atMs)}`,
    resolutionUs: Math.max(seen.periodMs * 1e3, seen.lag.quantileUs(0.99)),
    retransmits: history.retransmits?.lost ?? null,
    note: notesOf(seen, gap?.ownStallMs ?? 0, tailMs).join('; '),
  };
}

function notesOf({ log, history, lag }: ConnectionSeen, ownStallMs: number, tailMs: number): readonly string[] {
  if (log.first === null) return ['no answer at all'];
  const notes = [storyOf(log, history)];
  if (tailMs > toldTailMs) notes.push(`no answer in the last ${tailMs.toFixed(0)} ms`);
  notes.push(...retransmitNotes(history.retransmits, history.reopenedMs === null));
  if (history.retransmits === null) notes.push('retransmissions unknown: `ss` (iproute2) missing, or the connection too short');
  const lateMs = ownStallMs > toldLagMs ? ownStallMs : lag.maxMs;
  if (lateMs > toldLagMs) notes.push(`the probe itself was late by up to ${lateMs.toFixed(1)} ms (loaded machine)`);
  return notes;
}

function storyOf(log: GapLog, history: ConnectionHistory): string {
  const { brokenMs, reopenedMs, reason, breaks } = history;
  const lastTarget = log.last?.target ?? '';
  if (brokenMs === null) return reopenedMs === null ? 'never broken' : `went silent without a break, reopened to ${lastTarget}`;
  if (breaks > keptNothingBreaks) return `the server keeps no connection: ${breaks} ended (${reason})`;
  const times = breaks > 1 ? `broken ${breaks} times, last` : 'broken';
  if (reopenedMs === null || reopenedMs < brokenMs) return `${times} (${reason}), not reopened`;
  return `${times} (${reason}), reopened to ${lastTarget} after ${(reopenedMs - brokenMs).toFixed(0)} ms`;
}
