import { closeSync, openSync, readSync } from 'node:fs';
import { join } from 'node:path';
import type { Manifest } from '../evidence/manifest.ts';
import { readManifest } from '../evidence/open-run.ts';
import { hostEvidence, type RunFolder } from '../evidence/run-folder.ts';
import { type CriuLogSummary, criuSummary } from '../layers/criu/summary.ts';
import { formatNs, usToNs } from '../trace/time.ts';
import { criuOf } from './load-trace.ts';
import { redact } from './redact.ts';
import { transshipVersion } from './version-of.ts';

/** One log and where it lies, so that the lines around its error can be quoted. */
interface ReportedLog extends CriuLogSummary {
  readonly host: string;
  readonly path: string;
  readonly system: string | null;
}

const [linesBefore, linesAfter] = [12, 4] as const;

/** The report of a run, from its evidence. */
export function reportOf(folder: RunFolder, isRedacted: boolean): string {
  const logs = criuOf(folder).flatMap((evidence) => {
    const summaries = criuSummary(evidence).logs;
    return evidence.logs.map(({ name, digest }, index) => ({
      ...(summaries[index] as CriuLogSummary),
      ...{ host: evidence.host, system: digest.system, path: join(hostEvidence(folder, evidence.host), 'criu', name) },
    }));
  });
  const manifest = readManifest(folder);
  const text = renderReport(manifest, logs);
  if (!isRedacted) return text;
  const nodes = logs.flatMap(({ system }) => system?.split(' ')[0] ?? []);
  return redact(text, [...nodes, ...(manifest.container?.name ? [manifest.container.name] : [])]);
}

/** What one pastes into a bug report: versions, phase, first error, the lines around it, what to try. Markdown. */
function renderReport(manifest: Manifest, logs: readonly ReportedLog[]): string {
  const failed = logs.filter(({ failure }) => failure !== null);
  const told = failed.length > 0 ? failed : logs;
  const head = [
    `# ${failed.length > 0 ? 'CRIU failed' : 'CRIU'}: ${told.map(({ kind, outcome }) => `${kind ?? 'a log'} ${outcome}`).join(', ')}`,
    '',
    `- transship ${transshipVersion()}, run of ${manifest.kind === 'import' ? 'imported logs' : `\`${manifest.kind}\``}`,
    ...(manifest.strategy === null ? [] : [`- strategy ${manifest.strategy}`]),
  ];
  return [...head, ...told.flatMap(logReport)].join('\n');
}

function logReport(log: ReportedLog): readonly string[] {
  const { kind, version, system, outcome, lines, durationUs, failure } = log;
  return [
    '',
    `## ${kind ?? 'log of unknown kind'} on ${log.host}`,
    '',
    `- CRIU ${version ?? 'of unknown version'}${system === null ? '' : `, ${system}`}`,
    `- \`${log.file}\`: ${outcome}, ${lines} lines${durationUs === null ? '' : `, ${time(durationUs)}`}`,
    ...(log.missing === null ? [] : [`- ${log.missing}`]),
    ...(failure === null ? [] : failureReport(log, failure)),
    ...statisticsReport(log),
    ...phasesReport(log),
    ...gapsReport(log),
  ];
}

function failureReport(log: ReportedLog, failure: NonNullable<CriuLogSummary['failure']>): readonly string[] {
  return [
    `- in phase \`${failure.phase ?? 'unknown'}\``,
    `- first error, line ${failure.line}: \`${failure.message}\`${failure.source === null ? '' : ` (${failure.source})`}`,
    `- likely cause: ${failure.cause ?? 'not known to transship'}`,
    ...(failure.hint === null ? [] : [`- to try: ${failure.hint}`]),
    '',
    '```',
    ...linesAround(log.path, failure.line),
    '```',
  ];
}

/** Read again from the evidence, line by line: the log may be large. */
function linesAround(path: string, line: number): readonly string[] {
  const file = openSync(path, 'r');
  const found: string[] = [];
  try {
    let rest = '';
    let count = 0;
    const chunk = Buffer.alloc(262_144);
    for (let length = readSync(file, chunk); length > 0; length = readSync(file, chunk)) {
      const parts = (rest + chunk.toString('latin1', 0, length)).split('\n');
      rest = (parts.pop() as string).slice(0, 65_536);
      for (const part of parts) {
        count += 1;
        if (count >= line - linesBefore) found.push(numbered(count, part));
        if (count >= line + linesAfter) return found;
      }
    }
    if (rest !== '') found.push(numbered(count + 1, rest));
    return found;
  } finally {
    closeSync(file);
  }
}

function numbered(line: number, text: string): string {
  // a fence within the text would end ours
  return `${String(line).padStart(6)}  ${text.slice(0, 300).replaceAll('```', "'''").trimEnd()}`;
}

function statisticsReport({ statistics }: ReportedLog): readonly string[] {
  const entries = Object.entries(statistics ?? {}).filter(([, value]) => value > 0);
  return entries.length === 0 ? [] : ['', `CRIU's statistics: ${entries.map(([name, value]) => `${name} ${value}`).join(', ')}`];
}

function phasesReport({ phases }: ReportedLog): readonly string[] {
  if (phases.length === 0) return [];
  const rows = phases.map(({ name, startUs, durationUs }) => `| ${name} | ${time(startUs)} | ${time(durationUs)} |`);
  return ['', '| phase | at | took |', '| --- | --- | --- |', ...rows];
}

function gapsReport({ gaps }: ReportedLog): readonly string[] {
  if (gaps.length === 0) return [];
  const rows = gaps
    .slice(0, 3)
    .map(({ durationUs, line, what }) => `- ${time(durationUs)} before line ${line}: ${what ?? 'not known'}`);
  return ['', 'Longest silences of the log:', '', ...rows];
}

function time(us: number): string {
  return formatNs(usToNs(us));
}
