/**
 * Logs are bytes of ASCII with paths of any encoding in them. What went through Windows may be UTF-16 (PowerShell's `>`) or begin with a
 * byte order mark. Gives a function for one log's pieces, in order.
 */
export function recoder(): (chunk: Uint8Array) => Uint8Array {
  let recode: ((chunk: Uint8Array) => Uint8Array) | null = null;
  return (chunk) => {
    if (chunk.byteLength === 0) return chunk;
    recode ??= recoderFor(chunk);
    return recode(chunk);
  };
}

/** The same for pieces that are there. */
export function* asBytes(chunks: Iterable<Uint8Array>): Generator<Uint8Array> {
  const recode = recoder();
  for (const chunk of chunks) yield recode(chunk);
}

function recoderFor(first: Uint8Array): (chunk: Uint8Array) => Uint8Array {
  const [a, b, c] = first;
  if (a === 0xff && b === 0xfe) return fromUtf16('utf-16le');
  if (a === 0xfe && b === 0xff) return fromUtf16('utf-16be');
  if (a !== 0xef || b !== 0xbb || c !== 0xbf) return (chunk) => chunk;
  let isFirst = true;
  return (chunk) => {
    const bytes = isFirst ? chunk.subarray(3) : chunk;
    isFirst = false;
    return bytes;
  };
}

function fromUtf16(encoding: string): (chunk: Uint8Array) => Uint8Array {
  const decoder = new TextDecoder(encoding);
  const encoder = new TextEncoder();
  return (chunk) => encoder.encode(decoder.decode(chunk, { stream: true }));
}
