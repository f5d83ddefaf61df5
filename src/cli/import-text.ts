import type { RunFolder } from '../evidence/run-folder.ts';
import type { ImageFolder } from '../layers/criu/image-folders.ts';
import type { SourceFile } from '../layers/criu/log-files.ts';
import type { CriuLogSummary } from '../layers/criu/summary.ts';
import type { Trace } from '../trace/span.ts';
import { formatNs, usToNs } from '../trace/time.ts';
import { framelessTable } from './frameless-table.ts';
import { gapLines } from './gap-lines.ts';
import { imageText } from './image-text.ts';
import { escapeText } from './terminal.ts';
import { renderTree } from './tree.ts';

interface Imported {
  readonly folder: RunFolder;
  readonly sources: readonly SourceFile[];
  readonly images: readonly ImageFolder[];
  readonly logs: readonly CriuLogSummary[];
  readonly trace: Trace;
}

/** What a person reads: log by log what it is, where its time went, CRIU's own numbers, the longest silences, the failure. */
export async function importText({ folder, sources, images, logs, trace }: Imported): Promise<string> {
  const parts = logs.map((log) => logText(log, trace));
  parts.push(...images.map(imageText));
  const rounds = await roundsText(logs);
  if (rounds !== null) parts.push(rounds);
  const alone = sources.filter(({ kind, number }) => kind.startsWith('stats-') && logs[number - 1] === undefined);
  for (const { shown, values } of alone)
    parts.push([`${escapeText(shown)}: statistics without their log`, ...statisticsText({ statistics: values })].join('\n'));
  const next = logs.some(({ phases }) => phases.length > 0) ? `   transship show ${folder.run} --all` : '';
  return [...parts, `run   ${folder.run}${next}`].join('\n\n');
}

function logText(log: CriuLogSummary, trace: Trace): string {
  const spans = trace.spans.filter((span) => span.attributes['log.file.path'] === log.file);
  const facts = [
    log.kind ?? 'log of unknown kind',
    log.version === null ? 'CRIU of unknown version' : `CRIU ${log.version}`,
    log.outcome === 'unknown' ? 'does not say how it ended' : log.outcome,
    `${log.lines} lines`,
    ...(log.durationUs === null ? [] : [formatUs(log.durationUs)]),
  ];
  return [
    `${escapeText(log.file)}: ${facts.join(', ')}`,
    spans.length > 0 ? renderTree({ ...trace, spans }) : untimed(log),
    ...missingText(log),
    ...followsText(log),
    ...sharesText(log),
    ...statisticsText(log),
    ...gapsText(log),
    ...failureText(log),
    ...(log.outcome === 'truncated'
      ? [`stops at line ${log.lines} without an end: CRIU was killed or still runs, or the file was cut`]
      : []),
  ].join('\n');
}

function untimed({ kind, missing }: CriuLogSummary): string {
  if (kind === null) return 'no phases: the log does not tell what CRIU was doing';
  return `no phases${missing === null ? '' : `: ${missing}`}`;
}

function missingText({ missing, durationUs }: CriuLogSummary): string[] {
  return missing === null || durationUs === null ? [] : [missing];
}

/** A restore names its dump; rounds have a table of their own. */
function followsText({ kind, follows }: CriuLogSummary): string[] {
  if (kind !== 'restore' || follows === null) return [];
  return [`restores the dump of ${escapeText(follows.file)} (${follows.means})`];
}

/** A chain of pre-dumps and its dump: what each round wrote, and found unchanged since the round before. */
async function roundsText(logs: readonly CriuLogSummary[]): Promise<string | null> {
  const rounds = logs.filter(({ kind, iteration, follows }) => iteration !== null || (kind === 'dump' && follows !== null));
  if (!rounds.some(({ iteration }) => (iteration ?? 0) > 1)) return null;
  const inOrder = rounds.sort((a, b) => (a.iteration ?? Number.MAX_SAFE_INTEGER) - (b.iteration ?? Number.MAX_SAFE_INTEGER));
  const rows = inOrder.map(({ iteration, file, statistics }) => {
    const pages = (name: string) => (statistics?.[name] === undefined ? '?' : `${statistics[name]} pages`);
    const time = (name: string) => (statistics?.[name] === undefined ? '?' : formatUs(statistics[name]));
    return [
      ...[iteration === null ? 'dump' : String(iteration), escapeText(file), pages('pages_written')],
      ...[pages('pages_skipped_parent'), time('frozen_time'), time('memwrite_time')],
    ];
  });
  return `pre-copy\n${await framelessTable(rows, ['round', 'log', 'written', 'unchanged', 'frozen', 'writing'])}`;
}

/** Shares of the log's time, so that nobody has to divide. */
function sharesText({ phases, durationUs }: CriuLogSummary): string[] {
  if (!durationUs) return [];
  const sums = new Map<string, number>();
  for (const phase of phases) sums.set(phase.name, (sums.get(phase.name) ?? 0) + phase.durationUs);
  const largest = [...sums].sort((a, b) => b[1] - a[1]).slice(0, 5);
  const shown = largest.map(([name, us]) => `${name.split('.').slice(2).join('.')} ${((us / durationUs) * 100).toFixed(1)} %`);
  return [`most of the time: ${shown.join(', ')}`];
}

function statisticsText({ statistics }: Pick<CriuLogSummary, 'statistics'>): string[] {
  const entries = Object.entries(statistics ?? {}).filter(([name, value]) => value > 0 && name !== 'forking_time');
  if (entries.length === 0) return [];
  const shown = entries.map(([name, value]) => `${name} ${name.endsWith('_time') ? formatUs(value) : value}`);
  return [`CRIU's own numbers: ${shown.join(', ')}`];
}

function gapsText({ gaps }: CriuLogSummary): string[] {
  return gaps.length === 0 ? [] : ['longest silences', ...gapLines(gaps.slice(0, 3))];
}

function failureText({ file, failure }: CriuLogSummary): string[] {
  if (failure === null) return [];
  return [
    `failed: ${escapeText(file)}:${failure.line}: ${escapeText(failure.message)}`,
    ...(failure.phase === null ? [] : [`  in:    ${failure.phase}`]),
    ...(failure.cause === null ? [] : [`  cause: ${failure.cause}`]),
    ...(failure.hint === null ? [] : [`  hint:  ${failure.hint}`]),
  ];
}

function formatUs(us: number): string {
  return formatNs(usToNs(us));
}
