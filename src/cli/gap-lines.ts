import type { CriuEvidence } from '../layers/criu/evidence.ts';
import { type CriuLogSummary, criuSummary } from '../layers/criu/summary.ts';
import { formatNs, usToNs } from '../trace/time.ts';
import { escapeText } from './terminal.ts';

/** The silences of a log: how long, between which two lines, and what CRIU does there. */
export function gapLines(gaps: CriuLogSummary['gaps']): readonly string[] {
  return gaps.flatMap(({ durationUs, line, before, after, what }) => [
    `  ${formatNs(usToNs(durationUs)).padStart(8)}  before line ${line}: ${quote(before)} … ${quote(after)}`,
    ...(what === null ? [] : [`            ${what}`]),
  ]);
}

/** Of all logs of a run the longest; they explain what the spans only measure. */
export function silenceLines(criu: readonly CriuEvidence[], top: number): readonly string[] {
  const gaps = criu.flatMap((evidence) =>
    criuSummary(evidence).logs.flatMap(({ kind, gaps }) =>
      gaps.map((gap) => ({ ...gap, place: `${kind ?? 'log'} on ${escapeText(evidence.host)}` })),
    ),
  );
  const longest = gaps.sort((a, b) => b.durationUs - a.durationUs).slice(0, top);
  if (longest.length === 0) return [];
  const lines = longest.map(({ place, line, ...gap }) => {
    const told = gap.what ?? `${quote(gap.before)} … ${quote(gap.after)}`;
    return `  ${formatNs(usToNs(gap.durationUs)).padStart(8)}  ${place}, before line ${line}: ${told}`;
  });
  return [["longest silences in CRIU's logs", ...lines].join('\n')];
}

function quote(text: string): string {
  const plain = escapeText(text.replace(/\s+/g, ' ')).trim();
  return plain.length > 50 ? `${plain.slice(0, 49)}…` : plain;
}
