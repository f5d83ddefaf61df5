/**
 * Most lines of a log tell nothing but that time went on: a small automaton over the first characters of a text sorts them out before any
 * pattern is tried, which makes a log of 400 MB a matter of two seconds. It is worked out from the patterns themselves.
 *
 *   ^Dumping task|^Dump rseq       D ─ u ─ m ─ p ─ i ─ n ─ g ─ … ─ k   may match
 *                                              └ ' ' ─ r ─ s ─ e ─ q   may match, all else cannot
 */

/** One place of a text: which characters may stand there, and whether several of them may. */
interface Place {
  readonly characters: readonly number[];
  readonly isRepeated: boolean;
}

/** The first places of a text. It ends where a pattern ends, repeats a whole group, or at `width`: anything may follow then. */
interface Head {
  readonly places: readonly Place[];
  readonly isClosed: boolean;
}

/** As many as tell `page-xfer: Transferring` from `page-xfer: Opening`. */
const width = 13;

/** Transitions of the automaton: `state * 256 + byte`. */
export type LineFilter = Int16Array;
const [no, yes, start] = [0, 1, 2] as const;

/** May any of the patterns match this text? Yes too often, never no too often. */
export function mayMatch(filter: LineFilter, bytes: Uint8Array, textAt: number, end: number): boolean {
  let state: number = start;
  for (let at = textAt; at < end && state > yes; at += 1) state = filter[state * 256 + (bytes[at] as number)] as number;
  return state === yes;
}

/** The automaton for patterns that begin with `^`. A state is the set of places that a text may have come to, `head * width + place`. */
export function filterOf(patterns: readonly RegExp[]): LineFilter {
  const heads = patterns.flatMap(({ source }) => headsOf(source));
  const rows: Int16Array[] = [new Int16Array(256).fill(no), new Int16Array(256).fill(yes)];
  const stateOf = new Map<string, number>();
  const waiting: (readonly number[])[] = [];
  const enter = (alive: readonly number[]): number => {
    if (alive.length === 0) return no;
    if (alive.some((place) => heads[Math.floor(place / (width + 1))]?.places.length === place % (width + 1))) return yes;
    const name = alive.join();
    const known = stateOf.get(name);
    if (known !== undefined) return known;
    const state = rows.push(new Int16Array(256)) - 1;
    stateOf.set(name, state);
    waiting[state] = alive;
    return state;
  };
  if (enter([...heads.keys()].map((head) => head * (width + 1))) === yes) rows[start] = new Int16Array(256).fill(yes);
  for (let state: number = start; state < waiting.length; state += 1) {
    const next = nextPlaces(heads, waiting[state] ?? []);
    const row = rows[state] as Int16Array;
    for (const [byte, alive] of next) row[byte] = enter(alive);
  }
  const filter = new Int16Array(rows.length * 256);
  for (const [state, row] of rows.entries()) filter.set(row, state * 256);
  return filter;
}

/** By byte: where a text goes from there. */
function nextPlaces(heads: readonly Head[], alive: readonly number[]): ReadonlyMap<number, readonly number[]> {
  const next = new Map<number, number[]>();
  for (const place of alive) {
    const at = heads[Math.floor(place / (width + 1))]?.places[place % (width + 1)];
    for (const byte of at?.characters ?? []) {
      const places = next.get(byte) ?? [];
      places.push(...(at?.isRepeated ? [place, place + 1] : [place + 1]));
      next.set(byte, places);
    }
  }
  return next;
}

function headsOf(source: string): readonly Head[] {
  const reader = { source, at: 0 };
  const heads = readAlternatives(reader);
  if (reader.at < source.length) throw new Error(`pattern ${source}: cannot be read at ${reader.at}`);
  return heads;
}

const empty: Head = { places: [], isClosed: false };

interface Reader {
  readonly source: string;
  at: number;
}

function readAlternatives(reader: Reader): readonly Head[] {
  const heads: Head[] = [];
  do heads.push(...readSequence(reader));
  while (take(reader, '|'));
  return heads;
}

function readSequence(reader: Reader): readonly Head[] {
  let heads: readonly Head[] = [empty];
  while (reader.at < reader.source.length && !'|)'.includes(reader.source[reader.at] as string)) {
    const item = readItem(reader);
    heads = joined(heads, repeated(reader, item));
  }
  return heads;
}

function joined(before: readonly Head[], after: readonly Head[]): readonly Head[] {
  return before.flatMap((head) => {
    if (head.isClosed || head.places.length >= width) return [head];
    return after.map(({ places, isClosed }) => ({ places: [...head.places, ...places].slice(0, width), isClosed }));
  });
}

/** `?`, `*`, `+`, `{n,m}`, each lazy or not: a single place may be repeated; a group closes the head. */
function repeated(reader: Reader, item: readonly Head[]): readonly Head[] {
  const mark = takeMatch(reader, /(?:[?*+]|\{\d+(?:,\d*)?\})\??/y);
  if (mark === null) return item;
  if (mark[0] === '?') return [empty, ...item];
  const several = item.map(({ places: [first, ...rest] }) =>
    first === undefined || rest.length > 0
      ? { places: first === undefined ? [] : [first, ...rest], isClosed: true }
      : { places: [{ ...first, isRepeated: true }], isClosed: false },
  );
  return mark[0] === '+' ? several : [empty, ...several];
}

function readItem(reader: Reader): readonly Head[] {
  if (take(reader, '^') || take(reader, '$')) return [empty];
  if (take(reader, '(')) return readGroup(reader);
  const text = takeMatch(reader, /\\.|\[(?:\\.|[^\]])*\]|[\s\S]/y) ?? '';
  if (text === '\\b') return [empty];
  const characters = text.length === 1 && text !== '.' ? [text.charCodeAt(0)] : bytesOf(text);
  return [{ places: [{ characters, isRepeated: false }], isClosed: false }];
}

/** The bytes that a class (`\d`, `[^ ]`, `.`) or an escaped character stands for. */
function bytesOf(text: string): readonly number[] {
  const pattern = new RegExp(`^${text}$`);
  return [...new Uint8Array(256).keys()].filter((byte) => pattern.test(String.fromCharCode(byte)));
}

/** What a look-ahead forbids is left in: the table may say yes too often, never no. */
function readGroup(reader: Reader): readonly Head[] {
  const mark = takeMatch(reader, /\?(?:<\w+>|[:=!])/y) ?? '';
  const heads = readAlternatives(reader);
  take(reader, ')');
  return /[=!]/.test(mark) ? [empty] : heads;
}

function take(reader: Reader, character: string): boolean {
  if (reader.source[reader.at] !== character) return false;
  reader.at += 1;
  return true;
}

function takeMatch(reader: Reader, sticky: RegExp): string | null {
  sticky.lastIndex = reader.at;
  const text = sticky.exec(reader.source)?.[0] ?? null;
  reader.at += text?.length ?? 0;
  return text;
}
