import type { AlignedSpan } from './aligned-span.ts';
import type { Interval } from './intervals.ts';
import type { Ns } from './time.ts';

/** Last freeze to first resume, and how far its ends may be off together. */
export interface DowntimeWindow extends Interval {
  readonly boundNs: Ns;
  /** Which marks it was read from, for the reader. */
  readonly marks: string;
}

interface Mark {
  readonly atNs: Ns;
  readonly boundNs: Ns;
  readonly text: string;
}

/** One way to know an end of the window; the first that the trace has is taken. */
interface Rule {
  readonly name: RegExp;
  readonly role: 'source' | 'destination' | undefined;
  readonly side: 'start' | 'end';
  /** True where the moment lies somewhere in the span: its whole length is then uncertain. */
  readonly isWithin: boolean;
  readonly text: string;
}

/** Our own freeze is a write to the cgroup's file. Docker's pause freezes the cgroup before its call returns; without a pause, CRIU freezes the tasks. */
const freezes: readonly Rule[] = [
  { name: /^source\.freeze$/, role: 'source', side: 'end', isWithin: true, text: 'its cgroup was frozen' },
  {
    name: /^containerd\.services\.tasks\.v1\.Tasks\/Pause$/,
    role: 'source',
    side: 'end',
    isWithin: true,
    text: 'docker paused it',
  },
  { name: /^dockerd\.pause$/, role: 'source', side: 'end', isWithin: true, text: 'docker paused it' },
  {
    name: /^docker\.api POST \/containers\/\{id\}\/pause$/,
    role: 'source',
    side: 'end',
    isWithin: true,
    text: 'docker paused it',
  },
  { name: /^migration\.checkpoint\.pause$/, role: undefined, side: 'end', isWithin: true, text: 'the pause was done' },
  { name: /^criu\.dump\.freeze$/, role: 'source', side: 'end', isWithin: false, text: 'CRIU froze it' },
];

/** `Restore finished successfully. Tasks resumed.` is CRIU's own word for it (printed after the detach since 3.14). */
const resumes: readonly Rule[] = [
  { name: /^migration\.rollback\.pause$/, role: undefined, side: 'end', isWithin: true, text: 'rolled back: it was unpaused' },
  { name: /^criu\.restore\.finish$/, role: 'destination', side: 'start', isWithin: false, text: 'CRIU resumed it' },
  { name: /^criu\.restore$/, role: 'destination', side: 'end', isWithin: false, text: "CRIU's restore ended" },
  {
    name: /^docker\.api POST \/containers\/\{id\}\/start$/,
    role: 'destination',
    side: 'end',
    isWithin: true,
    text: 'docker start returned',
  },
  { name: /^migration\.restore\.start$/, role: undefined, side: 'end', isWithin: true, text: 'the start was done' },
];

/** @returns null when the trace lacks one of the two ends: an import, or a run that never froze anything */
export function findDowntime(spans: readonly AlignedSpan[]): DowntimeWindow | null {
  const freeze = firstMark(freezes, spans);
  const resume = firstMark(resumes, spans);
  if (freeze === null || resume === null || resume.atNs <= freeze.atNs) return null;
  const marks = `${freeze.text} … ${resume.text}`;
  return { startNs: freeze.atNs, endNs: resume.atNs, boundNs: freeze.boundNs + resume.boundNs, marks };
}

function firstMark(rules: readonly Rule[], spans: readonly AlignedSpan[]): Mark | null {
  for (const rule of rules) {
    const found = spans.findLast(
      ({ span, role }) =>
        rule.name.test(span.name) && span.error === undefined && (rule.role === undefined || rule.role === role),
    );
    if (found !== undefined) {
      const atNs = rule.side === 'start' ? found.startNs : found.endNs;
      const withinNs = rule.isWithin ? found.endNs - found.startNs : 0n;
      return { atNs, boundNs: found.boundNs + withinNs, text: rule.text };
    }
  }
  return null;
}
