import { isKnownSymptom } from './known-failures.ts';
import { type LogLine, parseLog } from './log-grammar.ts';
import { endMarkers, factMarkers, kindMarkers, pidPair } from './log-markers.ts';
import type { LogKind } from './phase.ts';
import { beginsAnyPhase } from './phase-tables.ts';
import { restoredLine } from './restore-phases.ts';

/** A line that begins some phase, or ends a task's track. */
export interface Mark {
  readonly us: number;
  readonly line: number;
  readonly lane: number | null;
  readonly text: string;
}

/** When a restored task was first and last heard of. */
export interface Lane {
  readonly pid: number;
  readonly firstUs: number;
  readonly firstLine: number;
  lastUs: number;
  /** False for a lane that only the restorer wrote in: a thread of some task. */
  isTask: boolean;
  realPid: number | null;
}

/** Silence between two lines of the log. */
export interface Gap {
  readonly startUs: number;
  readonly durationUs: number;
  readonly line: number;
  readonly before: string;
  readonly after: string;
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
  readonly marks: readonly Mark[];
  readonly lanes: readonly Lane[];
  /** Errors, warnings and other lines that are known to tell of a failure. */
  readonly problems: readonly LogLine[];
  readonly gaps: readonly Gap[];
  readonly warnings: readonly string[];
}

const limits = { marks: 100_000, lanes: 10_000, problems: 200, gaps: 5, textLength: 300 } as const;

/** What is gathered while the lines go by. */
interface Draft {
  lines: number;
  bytes: number;
  clocks: Map<number | null, number>;
  endUs: number;
  timedLines: number;
  isCut: boolean;
  previous: string;
  kinds: Set<LogKind>;
  end: 'ok' | 'failed' | null;
  hasServed: boolean;
  facts: Map<keyof typeof factMarkers, string>;
  marks: Mark[];
  lanes: Map<number, Lane>;
  realPids: Map<number, number>;
  problems: LogLine[];
  gaps: Gap[];
  backUs: number;
  backLine: number;
}

/** Reads a log once, line by line, and keeps what phases, failures and anchors need. Never fails on any content. */
export function digestLog(file: string, chunks: Iterable<Uint8Array>): LogDigest {
  const draft = newDraft();
  for (const line of parseLog(file, counted(chunks, draft))) takeLine(draft, line);
  return finish(file, draft);
}

function newDraft(): Draft {
  return {
    ...{
      lines: 0,
      bytes: 0,
      endUs: 0,
      timedLines: 0,
      isCut: false,
      previous: '',
      end: null,
      hasServed: false,
      backUs: 0,
      backLine: 0,
    },
    ...{ clocks: new Map(), kinds: new Set(), facts: new Map(), lanes: new Map(), realPids: new Map() },
    ...{ marks: [], problems: [], gaps: [] },
  };
}

function* counted(chunks: Iterable<Uint8Array>, draft: Draft): Generator<Uint8Array> {
  for (const chunk of chunks) {
    draft.bytes += chunk.byteLength;
    yield chunk;
  }
}

function takeLine(draft: Draft, line: LogLine): void {
  draft.lines += 1;
  draft.isCut = line.isCut;
  const { text } = line;
  const pids = pidPair.exec(text);
  if (pids !== null) draft.realPids.set(Number(pids[2]), Number(pids[1]));
  const us = timeOf(draft, line, pids !== null);
  takeMarkers(draft, text);
  const isProblem = line.level !== null || isKnownSymptom(text);
  if (isProblem && draft.problems.length < limits.problems)
    draft.problems.push({ ...line, text: text.slice(0, limits.textLength) });
  if (line.level !== null || line.us === null) return;
  if (!beginsAnyPhase.test(text) && !restoredLine.test(text)) return;
  if (draft.marks.length < limits.marks)
    draft.marks.push({ us, line: line.line, lane: line.lane, text: text.slice(0, limits.textLength) });
}

/** The line's time on the clock of its own lane, which never goes back; lines of several tasks do (hazard 9 of the log facts). */
function timeOf(draft: Draft, { us, lane, line, text, isPie }: LogLine, isForeign: boolean): number {
  const clock = draft.clocks.get(lane) ?? 0;
  if (us === null) return Math.max(clock, draft.endUs);
  const own = Math.max(clock, us);
  if (clock - us > draft.backUs) Object.assign(draft, { backUs: clock - us, backLine: line });
  if (!isForeign) draft.clocks.set(lane, own);
  draft.timedLines += 1;
  if (own > draft.endUs) {
    noteGap(draft, { startUs: draft.endUs, durationUs: own - draft.endUs, line, before: draft.previous, after: text });
    draft.endUs = own;
    draft.previous = text;
  }
  if (lane !== null && !isForeign) noteLane(draft, lane, { us: own, line, isPie });
  return own;
}

function noteLane(draft: Draft, pid: number, { us, line, isPie }: { us: number; line: number; isPie: boolean }): void {
  const known = draft.lanes.get(pid);
  if (known !== undefined) Object.assign(known, { lastUs: us, isTask: known.isTask || !isPie });
  else if (draft.lanes.size < limits.lanes)
    draft.lanes.set(pid, { pid, firstUs: us, firstLine: line, lastUs: us, isTask: !isPie, realPid: null });
}

function noteGap(draft: Draft, gap: Gap): void {
  const least = draft.gaps.at(-1);
  if (draft.gaps.length === limits.gaps && least !== undefined && least.durationUs >= gap.durationUs) return;
  const short = { ...gap, before: gap.before.slice(0, limits.textLength), after: gap.after.slice(0, limits.textLength) };
  draft.gaps = [...draft.gaps, short].sort((a, b) => b.durationUs - a.durationUs).slice(0, limits.gaps);
}

const anyMarker = new RegExp(
  [...kindMarkers.map(({ text }) => text), ...Object.values(endMarkers), ...Object.values(factMarkers)]
    .map((marker) => marker.source)
    .join('|'),
);

function takeMarkers(draft: Draft, text: string): void {
  if (!anyMarker.test(text)) return;
  for (const { kind, text: marker } of kindMarkers) if (marker.test(text)) draft.kinds.add(kind);
  if (endMarkers.failed.test(text)) draft.end = 'failed';
  else if (endMarkers.ok.test(text) && draft.end === null) draft.end = 'ok';
  if (endMarkers.served.test(text)) draft.hasServed = true;
  for (const name of Object.keys(factMarkers) as (keyof typeof factMarkers)[]) {
    const found = factMarkers[name].exec(text)?.[1];
    if (found !== undefined) draft.facts.set(name, found);
  }
}

function finish(file: string, draft: Draft): LogDigest {
  const kind = kindMarkers.find((marker) => draft.kinds.has(marker.kind))?.kind ?? null;
  for (const lane of draft.lanes.values()) lane.realPid = draft.realPids.get(lane.pid) ?? null;
  const warnings: string[] = [];
  if (draft.backUs > 1e6)
    warnings.push(`${file}:${draft.backLine}: time jumps back by ${(draft.backUs / 1e6).toFixed(3)} s: the clock was stepped`);
  if (draft.marks.length === limits.marks)
    warnings.push(`${file}: too many phases; those after the first ${limits.marks} are left out`);
  const fact = (name: keyof typeof factMarkers) => draft.facts.get(name) ?? null;
  return {
    ...{ file, kind, warnings, lines: draft.lines, bytes: draft.bytes, isTimed: draft.timedLines > 0, isCut: draft.isCut },
    ...{
      endUs: draft.endUs,
      end: draft.end ?? (kind === 'page-server' && draft.hasServed ? 'ok' : null),
      marks: draft.marks,
      problems: draft.problems,
    },
    ...{
      gaps: draft.gaps.filter((gap) => gap.durationUs >= 1000),
      lanes: [...draft.lanes.values()].filter(({ isTask }) => isTask),
    },
    ...{ version: fact('version'), system: fact('system'), runId: fact('runId'), dumpRunId: fact('dumpRunId') },
  };
}
