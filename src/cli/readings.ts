import type { Manifest, ProbeReading } from '../evidence/manifest.ts';
import { wordFor } from '../evidence/open-run.ts';
import type { RunFolder } from '../evidence/run-folder.ts';
import type { Span, Trace } from '../trace/span.ts';
import { formatNs, nsToUs, type Us, usToNs } from '../trace/time.ts';
import { downtimeName, explainedOf, explainingSpans } from '../trace/trace-leaves.ts';
import { driftWords } from './clock-drift.ts';
import { escapeText } from './terminal.ts';

export interface ReadingsInput {
  readonly folder: RunFolder;
  readonly manifest: Manifest;
  readonly trace: Trace;
  /** How many of the longest leaves; 5 unless told. */
  readonly top?: number;
}

/** The readings of downtime side by side, the share explained, the longest leaves, where the run lies, what to type next. Titles stand in a column of their own. */
export function renderReadings({ folder, manifest, trace, top = 5 }: ReadingsInput): string {
  const { run, path } = folder;
  const word = wordFor(folder);
  const next = [`show ${word} --all`, `export ${word} --to chrome -o ${run}.json`, `send ${word} --jaeger URL`];
  return [
    ...failureLines(trace),
    ...downtimeLines(manifest, trace),
    ...predictedLines(manifest, trace),
    ...criuLines(trace),
    ...explainedLines(trace),
    ...longestLines(trace, top),
    ...clockLines(trace, driftWords(manifest)),
    line('run', path),
    line('next', next.map((words) => `transship ${words}`).join(' | ')),
  ].join('\n');
}

/** The downtime as seen from outside, by the surest probe that saw it end: the ticker, else requests, else the connection. */
export function observedUs(manifest: Manifest): Us | null {
  const order: readonly ProbeReading['kind'][] = ['ticker', 'requests', 'connection'];
  for (const kind of order) {
    const gaps = manifest.probes.flatMap((probe) => (probe.kind === kind && probe.gapUs !== null ? probe.gapUs : []));
    if (gaps.length > 0) return Math.max(...gaps);
  }
  return null;
}

/** Last freeze to first resume; null when the run has none. */
export function tracedUs(trace: Trace): Us | null {
  return trace.downtime && nsToUs(trace.downtime.endNs - trace.downtime.startNs);
}

function line(title: string, text: string): string {
  return `${title.padEnd(10)} ${text}`;
}

function downtimeLines(manifest: Manifest, trace: Trace): readonly string[] {
  const seen = manifest.probes.map((probe) => {
    const gap = probe.gapUs === null ? 'saw no end' : `${formatNs(usToNs(probe.gapUs))} ±${formatNs(usToNs(probe.resolutionUs))}`;
    const again = probe.retransmits ? ` (${probe.retransmits} retransmitted)` : '';
    const note = probe.note === null ? '' : `\n${line('', `  ${escapeText(probe.note)}`)}`;
    return `${probe.kind} ${gap}${again}${note}`;
  });
  const traced = trace.spans.find((span) => span.name === downtimeName);
  const bound = traced?.attributes['migration.clock.uncertainty_us'];
  const within = typeof bound === 'number' ? ` ±${formatNs(usToNs(bound))}` : '';
  if (traced !== undefined)
    seen.push(`traced ${formatNs(traced.durationNs)}${within} (${String(traced.attributes['migration.downtime.marks'])})`);
  return seen.map((text, index) => line(index === 0 ? 'downtime' : '', text));
}

/** What was expected beside what was: by the trace, as the prediction means that; else by the probes. */
function predictedLines(manifest: Manifest, trace: Trace): readonly string[] {
  const expected = manifest.predicted?.find(({ strategy }) => strategy === manifest.strategy);
  if (!expected?.downtimeUs || manifest.outcome !== 'migrated') return [];
  const was = tracedUs(trace) ?? observedUs(manifest);
  const time = besideSeen(expected.downtimeUs, was, (us) => formatNs(usToNs(us)));
  const bytes = expected.bytes && besideSeen(expected.bytes, movedBytes(manifest), (count) => `${(count / 1e6).toFixed(1)} MB`);
  return [line('predicted', time), ...(bytes ? [line('', bytes)] : [])];
}

function besideSeen(
  { low, likely, high }: Record<'low' | 'likely' | 'high', number>,
  was: number | null,
  text: (value: number) => string,
): string {
  return `${text(likely)} (${text(low)}-${text(high)})${was === null ? '' : `, was ${text(was)}`}`;
}

/** Of its memory and state, as predictions count. */
function movedBytes({ bytes: { images, pages } }: Manifest): number | null {
  return images === null ? null : images + (pages ?? 0);
}

/** CRIU's first true error where it failed: the phase, its own words with their place, the cause and what to do. */
function failureLines(trace: Trace): readonly string[] {
  return trace.spans.flatMap((root) => {
    const { 'criu.failure.message': message, 'criu.failure.line': at } = root.attributes;
    if (message === undefined) return [];
    const phase = trace.spans.findLast(
      (span) => span.status === 'error' && span.host === root.host && span.service === root.service,
    );
    const words = (title: string, name: string) => {
      const text = root.attributes[name];
      return text === undefined ? [] : [line('', `${title} ${escapeText(String(text))}`)];
    };
    return [
      line('failed', `${phase?.name ?? root.name} on ${escapeText(root.host)}: ${escapeText(String(message))}`),
      line('', `${String(root.attributes['log.file.path'])}:${String(at)}`),
      ...words('cause:', 'criu.failure.cause'),
      ...words('hint: ', 'criu.failure.hint'),
    ];
  });
}

/** Under CRIU's own names, as neither is a downtime: the one knows only the source, the other only the destination. */
function criuLines(trace: Trace): readonly string[] {
  const figures = ['frozen_time', 'restore_time'].flatMap((name) => {
    const span = trace.spans.find((candidate) => typeof candidate.attributes[`criu.stats.${name}`] === 'number');
    const us = span?.attributes[`criu.stats.${name}`];
    return span === undefined ? [] : `${name} ${formatNs(usToNs(Number(us)))} on ${escapeText(span.host)}`;
  });
  return figures.length === 0 ? [] : [line('criu', `${figures.join(', ')}: CRIU's own figures, neither is a downtime`)];
}

function explainedLines(trace: Trace): readonly string[] {
  const own = ['criu.dump', 'criu.restore'].flatMap((name) => {
    const span = trace.spans.find((candidate) => candidate.name === name);
    if (span === undefined || span.durationNs === 0n) return [];
    const window = { startNs: span.startNs, endNs: span.startNs + span.durationNs };
    return `${percent(explainedOf(trace, window, 'criu'))} % of ${name}`;
  });
  const lines: string[] = [];
  if (trace.explained !== null) {
    const { bounded, untilNext, inferred } = trace.explained;
    const sum = bounded + untilNext + inferred;
    const shares = `${percent(bounded)} bounded, ${percent(untilNext)} until-next, ${percent(inferred)} inferred`;
    lines.push(line('explained', `${percent(sum)} % of the traced downtime: ${shares}; ${percent(1 - sum)} unexplained`));
  }
  if (trace.explainedAtLeast !== null && trace.explainedRun !== null) {
    const { bounded, untilNext, inferred } = trace.explainedRun;
    const atLeast = `at least ${percent(trace.explainedAtLeast)} % wherever the two ends of it were`;
    lines.push(line('', `${atLeast}; ${percent(bounded + untilNext + inferred)} % of the whole run`));
  }
  if (own.length > 0) lines.push(line(lines.length === 0 ? 'explained' : '', `${own.join(', ')}`));
  return lines;
}

/** How far the hosts' clocks were apart, and whether the trace contradicts what was read. */
function clockLines({ clock, inconsistencies }: Trace, drift: string): readonly string[] {
  const lines: string[] = [];
  if (clock !== null)
    lines.push(line('clocks', `destination − source ${formatNs(clock.offsetNs)} ±${formatNs(clock.boundNs)}, taken off${drift}`));
  const [first] = inconsistencies;
  if (first === undefined) return lines;
  const more = inconsistencies.length === 1 ? '' : ` (and ${inconsistencies.length - 1} more)`;
  return [...lines, line('INCONSISTENT', `${escapeText(first)}${more}`)];
}

/** Kept below 100 when it is, above 0 when it is: rounding must not claim more. */
function percent(share: number): string {
  const rounded = Math.round(share * 1000) / 10;
  if (rounded === 100 && share < 1) return '99.9';
  return rounded.toFixed(1);
}

/** Within the downtime where there is one: what happened before and after keeps nobody waiting. */
function longestLines(trace: Trace, top: number): readonly string[] {
  const { downtime } = trace;
  const isWithin = (span: Span) =>
    downtime === null || (span.startNs < downtime.endNs && span.startNs + span.durationNs > downtime.startNs);
  const leaves = explainingSpans(trace).filter(isWithin);
  leaves.sort((a, b) => (a.durationNs > b.durationNs ? -1 : a.durationNs < b.durationNs ? 1 : 0));
  const named = new Map(trace.spans.map((span) => [span.spanId, span.name]));
  return leaves.slice(0, top).map((span, index) => {
    const above = span.name.startsWith('shell ') ? `${named.get(span.parentSpanId ?? '') ?? ''} › ` : '';
    const host = escapeText(String(span.attributes['migration.host'] ?? span.host));
    const text = `${formatNs(span.durationNs).padStart(8)}  ${above}${span.name} (${span.service} on ${host}, ${span.evidence})`;
    return line(index === 0 ? 'longest' : '', text);
  });
}
