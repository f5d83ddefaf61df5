import type { LineBytes } from './line-bytes.ts';
import { maxUs } from './log-grammar.ts';

/** What stands before the text of a line: `(SS.UUUUUU) [lane: ]`. */
export interface LineHead {
  /** -1: without time. */
  us: number;
  /** The task's pid; -1: CRIU's main process. */
  lane: number;
  isPie: boolean;
  /** Where the text begins. */
  textAt: number;
}

const [space, open, close, dot, colon, zero, nine] = [32, 40, 41, 46, 58, 48, 57] as const;
const pie = [...'pie: '].map((character) => character.charCodeAt(0));
const scale = [0, 0, 0, 1000, 100, 10, 1] as const;

/**
 * Reads the usual form from bytes, which is quicker by far than `parseLine` and says the same. False: a time in another form (of an old
 * version, after a step of the clock), for `parseLine` to read.
 */
export function readHead({ bytes, start, end }: LineBytes, head: LineHead): boolean {
  head.us = -1;
  head.lane = -1;
  head.isPie = false;
  head.textAt = start;
  if (bytes[start] === open && !readUsualTime(bytes, start, end, head) && !readTime(bytes, start, end, head)) return false;
  readLane(bytes, end, head);
  return true;
}

/** CRIU's buffer has room for twelve characters: `(00.000000) `, `(258.98866) `. */
function readUsualTime(bytes: Uint8Array, start: number, end: number, head: LineHead): boolean {
  if (bytes[start + 10] !== close || bytes[start + 11] !== space || start + 11 >= end) return false;
  let digits = 0;
  let dotAt = 0;
  for (let at = 1; at < 10; at += 1) {
    const digit = (bytes[start + at] as number) - zero;
    if (digit === dot - zero && dotAt === 0) dotAt = at;
    else if (digit < 0 || digit > 9) return false;
    else digits = digits * 10 + digit;
  }
  if (dotAt < 3 || dotAt > 6) return false;
  const us = digits * (scale[9 - dotAt] as number);
  if (us > maxUs) return false;
  head.us = us;
  head.textAt = start + 12;
  return true;
}

function readTime(bytes: Uint8Array, start: number, end: number, head: LineHead): boolean {
  const secondsEnd = digitsEnd(bytes, start + 1, end);
  const fractionEnd = digitsEnd(bytes, secondsEnd + 1, end);
  const [seconds, fraction] = [secondsEnd - start - 1, fractionEnd - secondsEnd - 1];
  if (seconds < 2 || seconds > 6 || fraction < 3 || fraction > 6 || fractionEnd + 1 >= end) return false;
  if (bytes[secondsEnd] !== dot || bytes[fractionEnd] !== close || bytes[fractionEnd + 1] !== space) return false;
  const us =
    numberAt(bytes, start + 1, secondsEnd) * 1e6 + numberAt(bytes, secondsEnd + 1, fractionEnd) * (scale[fraction] as number);
  if (us > maxUs) return false;
  head.us = us;
  head.textAt = fractionEnd + 2;
  return true;
}

function readLane(bytes: Uint8Array, end: number, head: LineHead): void {
  let at = head.textAt;
  const isPie = bytes[at] === pie[0];
  if (isPie) {
    for (const code of pie) if (bytes[at++] !== code) return;
  } else while (at < end && bytes[at] === space) at += 1;
  const laneEnd = digitsEnd(bytes, at, end);
  if (laneEnd === at || laneEnd - at > 15 || bytes[laneEnd] !== colon || bytes[laneEnd + 1] !== space || laneEnd + 1 >= end)
    return;
  if (!isPie && laneEnd - head.textAt < 6) return;
  head.lane = numberAt(bytes, at, laneEnd);
  head.isPie = isPie;
  head.textAt = laneEnd + 2;
}

function digitsEnd(bytes: Uint8Array, start: number, end: number): number {
  let at = start;
  while (at < end && (bytes[at] as number) >= zero && (bytes[at] as number) <= nine) at += 1;
  return at;
}

function numberAt(bytes: Uint8Array, start: number, end: number): number {
  let value = 0;
  for (let at = start; at < end; at += 1) value = value * 10 + (bytes[at] as number) - zero;
  return value;
}
