import type { PathPart } from '../trace/critical-path.ts';
import { compareNs } from '../trace/intervals.ts';
import type { Span, Trace } from '../trace/span.ts';
import { formatNs, type Ns } from '../trace/time.ts';
import { unexplainedName } from '../trace/trace-leaves.ts';
import { framelessTable } from './frameless-table.ts';
import { shareText, spanPlace } from './span-place.ts';

/** Shorter parts that follow one another share a line: this part of the whole. */
const foldBelow = 100n;

/** The critical path from its begin to its end, a line a part. */
export async function pathText(trace: Trace, path: readonly PathPart[], isAll: boolean): Promise<string> {
  const [first] = path;
  if (first === undefined) return 'critical path: none, as there are no spans';
  const wholeNs = lengthOf(path);
  const namesOf = new Map(trace.spans.map((span) => [span.spanId, span.name]));
  let sinceNs = 0n;
  const rows = folded(joined(path, namesOf), isAll ? 0n : wholeNs / foldBelow).map((lines) => {
    const parts = lines.flat();
    const ns = lengthOf(parts);
    const at = sinceNs === 0n ? '0' : `+${formatNs(sinceNs)}`;
    sinceNs += ns;
    return [at.padStart(8), formatNs(ns).padStart(8), shareText(ns, wholeNs), ...placeOf(lines, namesOf)];
  });
  const of = trace.downtime === null ? 'each log, one after another' : 'the downtime';
  const table = await framelessTable(rows, ['      at', '    took', ' share', 'layer', 'what it was waiting for']);
  return `critical path of ${of}: ${formatNs(wholeNs)} in ${path.length} parts\n\n${table}`;
}

/** Parts that share a line. */
type Line = readonly [PathPart, ...PathPart[]];

function placeOf(lines: readonly Line[], namesOf: ReadonlyMap<string, string>): readonly string[] {
  const [line, ...more] = lines;
  if (line === undefined) return [];
  if (more.length > 0) {
    const parts = lines.flat();
    return ['', `… ${parts.length} short ones, the longest ${longestOf(parts).span.name}`];
  }
  const [{ span }] = line;
  const above = namesOf.get(span.parentSpanId ?? '') ?? '';
  if (span.name === unexplainedName) return ['', `unexplained, in ${above || 'no call'}`];
  const { layer, name } = spanPlace(span, namesOf);
  return [layer, line.length > 1 ? `${above}: ${kindsOf(line, above)}` : name];
}

/** `write 94.0 ms, drain 6.77 ms`: the longest first. */
function kindsOf(parts: Line, above: string): string {
  const sums = new Map<string, Ns>();
  for (const { span, startNs, endNs } of parts) sums.set(span.name, (sums.get(span.name) ?? 0n) + endNs - startNs);
  const kinds = [...sums].sort(([, a], [, b]) => compareNs(b, a));
  return kinds.map(([name, ns]) => `${name.slice(above.length + 1)} ${formatNs(ns)}`).join(', ');
}

/** Rounds of one thing (`criu.dump.memory.scan`, `drain`, `write`, and again) share a line. */
function joined(path: readonly PathPart[], namesOf: ReadonlyMap<string, string>): readonly Line[] {
  const lines: [PathPart, ...PathPart[]][] = [];
  for (const part of path) {
    const last = lines.at(-1);
    if (last !== undefined && isRoundOf(part.span, namesOf) && last[0].span.parentSpanId === part.span.parentSpanId)
      last.push(part);
    else lines.push([part]);
  }
  return lines.flatMap((line): readonly Line[] => {
    const isRepeated = new Set(line.map(({ span }) => span.name)).size < line.length;
    return isRepeated ? [line] : line.map((part): Line => [part]);
  });
}

/** Named after the phase that it is a part of: not after the whole log, whose parts are phases of their own. */
function isRoundOf({ name, parentSpanId }: Span, namesOf: ReadonlyMap<string, string>): boolean {
  const above = namesOf.get(parentSpanId ?? '') ?? '';
  return above.split('.').length > 2 && name.startsWith(`${above}.`);
}

function folded(lines: readonly Line[], leastNs: Ns): readonly (readonly Line[])[] {
  const rows: Line[][] = [];
  let isOpen = false;
  for (const line of lines) {
    const isShort = lengthOf(line) < leastNs;
    if (isShort && isOpen) rows.at(-1)?.push(line);
    else rows.push([line]);
    isOpen = isShort;
  }
  return rows;
}

function longestOf(parts: readonly PathPart[]): PathPart {
  return parts.reduce((best, part) => (part.endNs - part.startNs > best.endNs - best.startNs ? part : best));
}

function lengthOf(parts: readonly PathPart[]): Ns {
  return parts.reduce((sum, { startNs, endNs }) => sum + endNs - startNs, 0n);
}
