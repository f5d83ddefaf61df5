/**
 * The lines of a CRIU log, from 3.0 to 4.2: `(SS.UUUUUU) [lane: ][Error (file:line): ]text`.
 * Written by `print_ts` and `log_init_by_pid` of criu/log.c, and by compel/plugins/std/log.c for code inside the target ("pie").
 */

import { lineReader, textOf } from './line-bytes.ts';
import { asBytes } from './text-encoding.ts';

export interface LogLine {
  readonly file: string;
  readonly line: number;
  /** Microseconds from CRIU's own zero; `null` for lines without a time (continuations, the parasite's lines of a dump, -v2). */
  readonly us: number | null;
  /** `null`: CRIU's main process; else the pid (of the pid namespace being restored) of the task that wrote the line. */
  readonly lane: number | null;
  /** Written by code inside the task: parasite (dump) or restorer (restore). */
  readonly isPie: boolean;
  readonly level: 'error' | 'warn' | null;
  /** `criu/util.c:1533`: only errors and warnings carry it, and its numbers move with every release. */
  readonly source: string | null;
  readonly text: string;
  /** The file ends inside this line: its text may be a part. */
  readonly isCut: boolean;
}

/** A restore lane is `%6d: `; the look-ahead keeps a text that begins with a short number out of it. */
const lane = /(?:pie: (\d+): |(?=[ \d]{6,}: ) *(\d+): )?/.source;
const level = /(?:(Error|Warn ) \(([^()]+?:\d+)\): )?/.source;
/** From 100 s the time loses digits, and up to 3.17.1 its bracket too; before 3.9 pie lines have no blank after it. */
const timed = new RegExp(`^\\((\\d{2,})\\.(\\d{3,6})(?:\\) ?| )${lane}${level}([^]*)$`);
const untimed = new RegExp(`^(?:\\(\\d{9,}\\) )?${lane}${level}([^]*)$`);
/**
 * A line of CRIU's in somebody else's: `grep -n` (as runc 1.3 quotes it), a runc or containerd message, the journal, a Kubernetes log. What
 * comes before CRIU's own time is taken off.
 */
const quoted =
  /^(?:\d+[:-]|[^(]{0,300}?msg="(?:\d+:)?|(?:\d{4}-\d\d-\d\d[T ]|[A-Z][a-z]{2} [ \d]\d )\d\d:\d\d[^(]{0,300} )(?=\(\d{2,}\.\d{5,6}\) )/;

/** More than a day is the unsigned difference that a backward step of the clock leaves. */
export const maxUs = 86_400_000_000;

/** One line without its newline. Never fails: what has no time is text. */
export function parseLine(file: string, line: number, written: string): LogLine {
  const raw = written[0] === '(' ? written : unquoted(written);
  const withTime = timed.exec(raw);
  const us = withTime ? Number(withTime[1]) * 1e6 + Number((withTime[2] ?? '').padEnd(6, '0')) : Number.POSITIVE_INFINITY;
  const match = withTime ? withTime.slice(3) : (untimed.exec(raw) ?? []).slice(1);
  const [pie, task, mark, source, text] = match;
  const laneText = pie ?? task;
  return {
    file,
    line,
    us: us <= maxUs ? us : null,
    lane: laneText === undefined ? null : Number(laneText),
    isPie: pie !== undefined,
    level: mark === 'Error' ? 'error' : mark === undefined ? null : 'warn',
    source: source ?? null,
    text: text ?? raw,
    isCut: false,
  };
}

function unquoted(written: string): string {
  const [prefix] = quoted.exec(written) ?? [];
  if (prefix === undefined) return written;
  const own = written.slice(prefix.length);
  return prefix.includes('msg="') ? own.replace(/"(?: [\w.]+=.*)?$/, '').replace(/\\(["\\])/g, '$1') : own;
}

/** The mark of CRIU's own: a time, or an error with its place in CRIU's sources. */
export function isCriuLine(written: string): boolean {
  return /^\(\d{2,}\.\d{3,6}[) ]|^(?:Error|Warn ) \([\w/.-]+\.[ch]:\d+\): |^pie: \d+: /.test(unquoted(written));
}

/** Lines of a log that comes in chunks of any size. Bytes are taken as latin1: paths and names need not be UTF-8. */
export function* parseLog(file: string, chunks: Iterable<Uint8Array>): Generator<LogLine> {
  const lines: LogLine[] = [];
  let count = 0;
  const reader = lineReader((line) => {
    count += 1;
    lines.push({ ...parseLine(file, count, textOf(line.bytes, line.start, line.end)), isCut: line.isCut });
  });
  for (const chunk of asBytes(chunks)) {
    reader.take(chunk);
    yield* lines.splice(0);
  }
  reader.end();
  yield* lines;
}
