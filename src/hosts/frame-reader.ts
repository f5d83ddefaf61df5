export interface Frame {
  readonly body: Buffer;
  readonly status: number;
}

/** Takes what arrived; gives the frame when this was its end. */
export type FrameReader = (chunk: Buffer) => Frame | null;

const statusDigits = 3;

/**
 * Finds the end of one answer in a stream that stays open: the answer's bytes, a newline, then a line `MARKER STATUS`.
 * The marker is random, so that no answer contains it.
 */
export function frameReader(marker: string): FrameReader {
  const mark = Buffer.from(`\n${marker} `);
  const markMax = mark.length + statusDigits + 1;
  const parts: Buffer[] = [];
  let carry: Buffer = Buffer.alloc(0); // the marker can be cut anywhere: its longest possible beginning waits here
  return (chunk) => {
    const seen = Buffer.concat([carry, chunk]);
    const at = seen.indexOf(mark);
    const end = at < 0 ? -1 : seen.indexOf('\n', at + mark.length);
    if (end >= 0)
      return {
        body: Buffer.concat([...parts, seen.subarray(0, at)]),
        status: Number(seen.toString('latin1', at + mark.length, end)),
      };
    const kept = Math.max(0, seen.length - markMax);
    parts.push(seen.subarray(0, kept));
    carry = seen.subarray(kept);
    return null;
  };
}
