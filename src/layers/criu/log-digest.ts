import { anyMarker, digestFilter } from './digest-patterns.ts';
import { keptOfLog, warningsOf } from './digest-warnings.ts';
import { isKnownSymptom, isSuspect } from './known-failures.ts';
import { type LineBytes, lineReader, textOf } from './line-bytes.ts';
import { mayMatch } from './line-filter.ts';
import { readHead } from './line-head.ts';
import { type Gap, keepBefore, type Lane, type LogClock, newClock, passLine, type TimedLine } from './log-clock.ts';
import { type LogLine, parseLine } from './log-grammar.ts';
import { endMarkers, factMarkers, givingUp, kindMarkers, pidPair, processLine, rootLine } from './log-markers.ts';
import { meetingLine } from './meeting-lines.ts';
import { countFetch, type PageFetches } from './page-fetches.ts';
import { pagePatterns } from './page-lines.ts';
import type { LogKind } from './phase.ts';
import { beginsAnyPhase } from './phase-tables.ts';
import { restoredLine } from './restore-phases.ts';
import { endOfServer, newServerWork, noteServerWork, type ServerWork } from './server-work.ts';
import { recoder } from './text-encoding.ts';

/** A line that begins some phase, ends a task's track, or says how much memory went by. */
export interface Mark {
  readonly us: number;
  readonly line: number;
  readonly lane: number | null;
  readonly text: string;
}

/** All that is kept of a log, however large it is. */
export interface LogDigest {
  readonly file: string;
  readonly lines: number;
  readonly bytes: number;
  /** Times exist only at -v3 and -v4. */
  readonly isTimed: boolean;
  /** The file ends inside a line. */
  readonly isCut: boolean;
  readonly endUs: number;
  readonly kind: LogKind | null;
  readonly end: 'ok' | 'failed' | null;
  readonly version: string | null;
  readonly system: string | null;
  readonly runId: string | null;
  readonly dumpRunId: string | null;
  /** The root task as CRIU's main process knows it; of a dump. */
  readonly rootPid: number | null;
  /** Processes, as the pid namespace that is dumped or restored numbers them; sorted. */
  readonly pids: readonly number[];
  readonly marks: readonly Mark[];
  readonly lanes: readonly Lane[];
  /** What CRIU was at before it gave up: locks are taken back and tasks let go in every failure. */
  readonly lastWords: { readonly line: number; readonly text: string } | null;
  /** Errors, warnings and other lines that are known to tell of a failure. */
  readonly problems: readonly LogLine[];
  /** The first line that is known to be why, where nothing else tells. */
  readonly suspect: LogLine | null;
  readonly gaps: readonly Gap[];
  readonly fetches: Readonly<PageFetches>;
  readonly warnings: readonly string[];
}

const limits = { ...keptOfLog, lanes: 10_000, textLength: 300 } as const;

/** What is gathered while the lines go by. */
interface Draft {
  readonly file: string;
  lines: number;
  bytes: number;
  isCut: boolean;
  hasQuotes: boolean;
  readonly clock: LogClock;
  readonly kinds: Set<LogKind>;
  end: 'ok' | 'failed' | null;
  readonly server: ServerWork;
  readonly fetches: PageFetches;
  readonly facts: Map<keyof typeof factMarkers, string>;
  readonly marks: Mark[];
  marksLeftOut: number;
  readonly realPids: Map<number, number>;
  readonly pids: Set<number>;
  rootPid: number | null;
  lastWords: LogDigest['lastWords'];
  suspect: LogLine | null;
  readonly problems: LogLine[];
  problemsLeftOut: number;
}

/** Reads a log once, line by line, and keeps what phases, failures and anchors need. Never fails on any content. */
export function digestLog(file: string, chunks: Iterable<Uint8Array>): LogDigest {
  const digester = logDigester(file);
  for (const chunk of chunks) digester.take(chunk);
  return digester.end();
}

/** The same, for bytes that come by themselves. */
export function logDigester(file: string): { take(chunk: Uint8Array): void; end(): LogDigest } {
  const draft: Draft = {
    ...{ file, lines: 0, bytes: 0, isCut: false },
    ...{
      hasQuotes: false,
      clock: newClock(),
      kinds: new Set(),
      end: null,
      server: newServerWork(),
    },
    ...{ facts: new Map(), marks: [], marksLeftOut: 0, realPids: new Map(), pids: new Set(), rootPid: null, lastWords: null },
    ...{ suspect: null, problems: [], problemsLeftOut: 0, fetches: { faults: 0, batches: 0, bytes: 0 } },
  };
  const reader = lineReader(lineTaker(draft));
  const recode = recoder();
  return {
    take(chunk) {
      const bytes = recode(chunk);
      draft.bytes += bytes.byteLength;
      reader.take(bytes);
      keepBefore(draft.clock);
    },
    end() {
      reader.end();
      return finish(file, draft);
    },
  };
}

/** Most lines end in the quick half: a time, and a text that nothing begins with. */
function lineTaker(draft: Draft): (line: LineBytes) => void {
  const timed: TimedLine = {
    us: 0,
    lane: -1,
    isPie: false,
    textAt: 0,
    isForeign: false,
    line: 0,
    bytes: new Uint8Array(0),
    end: 0,
  };
  return (line) => {
    draft.lines += 1;
    timed.line = draft.lines;
    timed.bytes = line.bytes;
    timed.end = line.end;
    timed.isForeign = false;
    const isUsual = readHead(line, timed);
    if (timed.us < 0 && (draft.hasQuotes || draft.lines <= looksForQuotes)) takeLine(draft, line, timed, false);
    else if (isUsual && !line.isCut && !mayMatch(digestFilter, line.bytes, timed.textAt, line.end)) {
      if (timed.us >= 0) passLine(draft.clock, timed);
    } else takeLine(draft, line, timed, isUsual);
  };
}

/** Lines that somebody else's lines hold are looked for at the beginning only, unless there are some. */
const looksForQuotes = 1000;
const levels = [69, 87]; // E, W

function takeLine(draft: Draft, line: LineBytes, timed: TimedLine, isUsual: boolean): void {
  const { bytes, start, end, isCut } = line;
  const isPlain = isUsual && !isCut && !levels.includes(bytes[timed.textAt] ?? 0);
  const parsed = isPlain ? null : { ...parseLine(draft.file, draft.lines, textOf(bytes, start, end)), isCut };
  if (parsed !== null) {
    timed.us = parsed.us ?? -1;
    timed.lane = parsed.lane ?? -1;
    timed.isPie = parsed.isPie;
    timed.textAt = Math.max(start, end - parsed.text.length);
    draft.isCut ||= isCut;
    draft.hasQuotes ||= parsed.us !== null && bytes[start] !== 40;
  }
  const text = parsed?.text ?? textOf(bytes, timed.textAt, end);
  if (draft.lastWords === null && givingUp.test(text)) noteLastWords(draft);
  takeText(draft, text);
  takeTask(draft, text);
  countFetch(draft.fetches, text);
  timed.isForeign = text.startsWith('PID: ') && takePids(draft, text);
  if (parsed?.level || isKnownSymptom(text))
    noteProblem(draft, parsed ?? parseLine(draft.file, draft.lines, textOf(bytes, start, end)));
  else if (isSuspect(text)) draft.suspect ??= parsed ?? parseLine(draft.file, draft.lines, textOf(bytes, start, end));
  if (timed.us < 0) return;
  const us = passLine(draft.clock, timed);
  if (!parsed?.level && keptLines.some((pattern) => pattern.test(text)))
    noteMark(draft, { us, line: timed.line, lane: timed.lane < 0 ? null : timed.lane, text: text.slice(0, limits.textLength) });
}

const keptLines = [beginsAnyPhase, restoredLine, meetingLine, ...pagePatterns];

function noteLastWords(draft: Draft): void {
  keepBefore(draft.clock);
  if (draft.clock.before) draft.lastWords = { line: draft.lines - 1, text: draft.clock.before };
}

/** A root task's first line, and the lines that name each process. */
function takeTask(draft: Draft, text: string): void {
  if (draft.rootPid === null) {
    const root = rootLine.exec(text)?.[1];
    if (root !== undefined) draft.rootPid = Number(root);
  }
  const [, dumped, restored] = processLine.exec(text) ?? [];
  const pid = dumped ?? restored;
  if (pid !== undefined && draft.pids.size < limits.lanes) draft.pids.add(Number(pid));
}

function takePids({ realPids }: Draft, text: string): boolean {
  const [, real, virtual] = pidPair.exec(text) ?? [];
  if (virtual !== undefined) realPids.set(Number(virtual), Number(real));
  return virtual !== undefined;
}

function noteProblem(draft: Draft, line: LogLine): void {
  if (draft.problems.length < limits.problems) draft.problems.push({ ...line, text: line.text.slice(0, limits.textLength) });
  else draft.problemsLeftOut += 1;
}

function noteMark(draft: Draft, mark: Mark): void {
  if (draft.marks.length < limits.marks) draft.marks.push(mark);
  else draft.marksLeftOut += 1;
}

function takeText(draft: Draft, text: string): void {
  if (!anyMarker.test(text)) return;
  for (const { kind, text: marker } of kindMarkers) if (marker.test(text)) draft.kinds.add(kind);
  if (endMarkers.failed.test(text)) draft.end = 'failed';
  else if (endMarkers.ok.test(text) && draft.end === null) draft.end = 'ok';
  noteServerWork(draft.server, text);
  for (const name of Object.keys(factMarkers) as (keyof typeof factMarkers)[]) {
    const found = factMarkers[name].exec(text)?.[1];
    if (found !== undefined) draft.facts.set(name, found);
  }
}

function finish(file: string, draft: Draft): LogDigest {
  const { clock, marks, problems } = draft;
  const kind = kindMarkers.find((marker) => draft.kinds.has(marker.kind))?.kind ?? null;
  const fact = (name: keyof typeof factMarkers) => draft.facts.get(name) ?? null;
  return {
    ...{ file, kind, marks, problems, suspect: draft.suspect, lines: draft.lines, bytes: draft.bytes, isCut: draft.isCut },
    ...{ isTimed: clock.timedLines > 0, endUs: clock.endUs, gaps: clock.gaps, fetches: draft.fetches },
    end: draft.end ?? endOfServer(kind, draft.server),
    lanes: lanesOf(draft),
    warnings: warningsOf({ file, clock, marksLeftOut: draft.marksLeftOut, problemsLeftOut: draft.problemsLeftOut }),
    ...{ lastWords: draft.lastWords, rootPid: draft.rootPid, pids: [...draft.pids].sort((a, b) => a - b) },
    ...{ version: fact('version'), system: fact('system'), runId: fact('runId'), dumpRunId: fact('dumpRunId') },
  };
}

function lanesOf({ clock, realPids }: Draft): readonly Lane[] {
  const lanes = [...clock.lanes.values()].flatMap(({ lane }) => (lane?.isTask ? [lane] : []));
  return lanes.slice(0, limits.lanes).map((lane) => ({ ...lane, realPid: realPids.get(lane.pid) ?? null }));
}
