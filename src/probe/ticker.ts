import type { ProbeReading } from '../evidence/manifest.ts';
import type { ProbeRecord } from '../evidence/records.ts';
import { type Ns, nsPerMs, nsToUs } from '../trace/time.ts';

/** Where the workload's ticker (`vm/workload/ticker.pl`) keeps its gaps, inside the container. */
export const tickerFile = '/run/ticker/gaps';
/** It ticks each millisecond. */
const tickerPeriodUs = 1_000;
/** What it calls a gap; the window's ends are known no better than that. */
const slackNs = 20n * nsPerMs;

/** One line of the file: by the clock of the host the ticker ran on then, so the two may be of different hosts. */
export interface TickerGap {
  readonly lastBeforeNs: Ns;
  readonly firstAfterNs: Ns;
}

/** A host's clock minus the controller's, and how far the truth may lie from it. */
export interface ClockOffset {
  readonly offsetNs: Ns;
  readonly boundNs: Ns;
}

export interface TickerInput {
  /** What the file held, read on the destination after the move. */
  readonly text: string;
  readonly container: string;
  /** Short name of the host that it was read on. */
  readonly host: string;
  /** When the migration went on, by the controller's clock: the gap must lie in it. */
  readonly window: { readonly startNs: Ns; readonly endNs: Ns };
  readonly source: ClockOffset;
  readonly destination: ClockOffset;
}

/** Lines that are none (a write cut short by a full disk) are left out and counted. */
export function parseTickerGaps(text: string): { readonly gaps: readonly TickerGap[]; readonly malformed: number } {
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  const gaps = lines.flatMap((line) => {
    const match = /^(\d{1,20}) (\d{1,20})$/.exec(line.trim());
    return match?.[1] === undefined || match[2] === undefined
      ? []
      : [{ lastBeforeNs: BigInt(match[1]), firstAfterNs: BigInt(match[2]) }];
  });
  return { gaps, malformed: lines.length - gaps.length };
}

/**
 * The ticker's gap over the move, in the controller's time: the last tick by the source's clock, the first by the
 * destination's. Among the gaps that lie in the window the longest, as the freeze is; a gap before or after the move was
 * taken by one clock alone, and seen through two it falls out of the window when the clocks differ by much.
 */
export function readTicker(input: TickerInput): { readonly reading: ProbeReading; readonly record: ProbeRecord | null } {
  const { gaps, malformed } = parseTickerGaps(input.text);
  const { startNs, endNs } = input.window;
  const candidates = gaps
    .map((gap) => inControllerTime(gap, input))
    .filter((gap) => gap.firstAfterNs > gap.lastBeforeNs)
    .sort((a, b) => Number(lengthOf(b) - lengthOf(a)));
  const slack = slackNs + input.source.boundNs + input.destination.boundNs;
  const within = candidates.filter((gap) => gap.lastBeforeNs >= startNs - slack && gap.firstAfterNs <= endNs + slack);
  const overlapping = candidates.filter((gap) => gap.firstAfterNs > startNs && gap.lastBeforeNs < endNs);
  const gap = within[0] ?? overlapping[0] ?? null;
  const notes = [
    ...(gap === null ? [`no gap of 20 ms or more among ${gaps.length} in ${tickerFile}`] : []),
    ...(gap !== null && within.length === 0 ? ['the gap reaches out of the migration'] : []),
    ...(malformed > 0 ? [`${malformed} lines were unreadable`] : []),
  ];
  return { reading: readingOf(input, gap, notes), record: gap === null ? null : recordOf(input.host, gap) };
}

function inControllerTime(gap: TickerGap, { source, destination }: TickerInput): TickerGap {
  return { lastBeforeNs: gap.lastBeforeNs - source.offsetNs, firstAfterNs: gap.firstAfterNs - destination.offsetNs };
}

function lengthOf(gap: TickerGap): Ns {
  return gap.firstAfterNs - gap.lastBeforeNs;
}

function readingOf(input: TickerInput, gap: TickerGap | null, notes: readonly string[]): ProbeReading {
  return {
    kind: 'ticker',
    target: input.container,
    gapUs: gap === null ? null : Math.round(nsToUs(lengthOf(gap))),
    gapStartNs: gap === null ? null : `${gap.lastBeforeNs}`,
    gapEndNs: gap === null ? null : `${gap.firstAfterNs}`,
    // One tick at each end, one way or the other, and what is not known of the two clocks.
    resolutionUs: tickerPeriodUs + nsToUs(input.source.boundNs + input.destination.boundNs),
    retransmits: null,
    note: notes.length === 0 ? null : notes.join('; '),
  };
}

/** In the controller's time, as every reading is. */
function recordOf(host: string, gap: TickerGap): ProbeRecord {
  const { lastBeforeNs, firstAfterNs } = gap;
  return { kind: 'ticker', host, lastBeforeNs: `${lastBeforeNs}`, firstAfterNs: `${firstAfterNs}`, periodUs: tickerPeriodUs };
}
