/** A longer line is cut here: nothing of ours looks further, and a file without newlines must not fill the memory. */
const maxLineLength = 65_536;
const newline = 10;

/** A line as bytes, valid only until the next one: `bytes[start, end)` without its line end. */
export interface LineBytes {
  bytes: Uint8Array;
  start: number;
  end: number;
  /** The input ends inside this line. */
  isCut: boolean;
}

/** Lines of chunks of any size, as bytes: no text is made of what nobody reads. */
export interface LineReader {
  /** Hands over the lines that end in this chunk. */
  take(chunk: Uint8Array): void;
  /** Hands over a last line without line end. */
  end(): void;
}

export function lineReader(give: (line: LineBytes) => void): LineReader {
  const line: LineBytes = { bytes: new Uint8Array(0), start: 0, end: 0, isCut: false };
  let rest: Uint8Array = new Uint8Array(0);
  return {
    take(chunk) {
      let start = 0;
      for (let end = chunk.indexOf(newline); end >= 0; end = chunk.indexOf(newline, start)) {
        if (rest.length === 0) place(line, chunk, start, end);
        else {
          rest = joined(rest, chunk.subarray(start, end));
          place(line, rest, 0, rest.length);
          rest = rest.subarray(0, 0);
        }
        give(line);
        start = end + 1;
      }
      if (start < chunk.length) rest = joined(rest, chunk.subarray(start));
    },
    end() {
      if (rest.length === 0) return;
      place(line, rest, 0, rest.length);
      line.isCut = true;
      give(line);
    },
  };
}

/** A copy, since whoever gave the chunk may fill it anew. */
function joined(rest: Uint8Array, more: Uint8Array): Uint8Array {
  const room = maxLineLength - rest.length;
  if (room <= 0) return rest;
  const both = new Uint8Array(rest.length + Math.min(room, more.length));
  both.set(rest);
  both.set(more.subarray(0, room), rest.length);
  return both;
}

function place(line: LineBytes, bytes: Uint8Array, start: number, end: number): void {
  line.bytes = bytes;
  line.start = start;
  line.end = end - start > maxLineLength ? start + maxLineLength : end;
  if (line.end > start && bytes[line.end - 1] === 13) line.end -= 1; // CRLF
}

/** Bytes taken as latin1: paths and names need not be UTF-8. */
export function textOf(bytes: Uint8Array, start: number, end: number): string {
  return nodeSlice === undefined ? portableText(bytes, start, end) : nodeSlice.call(bytes, start, end);
}

/** Node's own is five times quicker; a web page has none. */
const nodeSlice: ((this: Uint8Array, start: number, end: number) => string) | undefined =
  typeof Buffer === 'undefined' ? undefined : (Buffer.prototype as unknown as { latin1Slice: typeof nodeSlice }).latin1Slice;

export function portableText(bytes: Uint8Array, start: number, end: number): string {
  let text = '';
  for (let at = start; at < end; at += 4096)
    text += String.fromCharCode.apply(null, bytes.subarray(at, Math.min(end, at + 4096)) as unknown as number[]);
  return text;
}
