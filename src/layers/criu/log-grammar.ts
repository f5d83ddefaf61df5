/**
 * The lines of a CRIU log, from 3.0 to 4.2: `(SS.UUUUUU) [lane: ][Error (file:line): ]text`.
 * Written by `print_ts` and `log_init_by_pid` of criu/log.c, and by compel/plugins/std/log.c for code inside the target ("pie").
 */

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

/** A longer line is cut here: nothing of ours looks further, and a file without newlines must not fill the memory. */
const maxLineLength = 65_536;

/** A restore lane is `%6d: `; the look-ahead keeps a text that begins with a short number out of it. */
const lane = /(?:pie: (\d+): |(?=[ \d]{6,}: ) *(\d+): )?/.source;
const level = /(?:(Error|Warn ) \(([^()]+?:\d+)\): )?/.source;
/** From 100 s the time loses digits, and up to 3.17.1 its bracket too; before 3.9 pie lines have no blank after it. */
const timed = new RegExp(`^\\((\\d{2,})\\.(\\d{3,6})(?:\\) ?| )${lane}${level}([^]*)$`);
const untimed = new RegExp(`^(?:\\(\\d{9,}\\) )?${lane}${level}([^]*)$`);
/** More than a day is the unsigned difference that a backward step of the clock leaves. */
export const maxUs = 86_400_000_000;

/** One line without its newline. Never fails: what has no time is text. */
export function parseLine(file: string, line: number, raw: string): LogLine {
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

/** Lines of a log that comes in chunks of any size. Bytes are taken as latin1: paths and names need not be UTF-8. */
export function* parseLog(file: string, chunks: Iterable<Uint8Array>): Generator<LogLine> {
  let rest = '';
  let line = 0;
  for (const chunk of chunks) {
    const parts = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength).toString('latin1').split('\n');
    for (const [index, part] of parts.entries()) {
      if (rest.length < maxLineLength) rest += part;
      if (index === parts.length - 1) break;
      line += 1;
      yield parseLine(file, line, tidy(rest));
      rest = '';
    }
  }
  if (rest !== '') yield { ...parseLine(file, line + 1, tidy(rest)), isCut: true };
}

function tidy(raw: string): string {
  const short = raw.length > maxLineLength ? raw.slice(0, maxLineLength) : raw;
  return short.endsWith('\r') ? short.slice(0, -1) : short;
}
