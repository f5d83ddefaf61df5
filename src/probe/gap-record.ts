import type { ProbeRecord } from '../evidence/records.ts';
import { type Ns, usToNs } from '../trace/time.ts';
import type { Answer, Gap } from './gap-log.ts';

/** The wall clock's time of a time of `performance.now()`. */
export function wallNs(ms: number): Ns {
  return usToNs((performance.timeOrigin + ms) * 1e3);
}

export function gapRecord(probe: 'requests' | 'connection', gap: Gap): ProbeRecord {
  const ownStallUs = Math.round(Math.max(0, gap.ownStallMs) * 1e3);
  return { kind: 'gap', probe, from: answerRecord(gap.from), to: answerRecord(gap.to), ownStallUs };
}

function answerRecord(answer: Answer): { target: string; sentNs: string; answeredNs: string } {
  return { target: answer.target, sentNs: `${wallNs(answer.sentMs)}`, answeredNs: `${wallNs(answer.atMs)}` };
}
