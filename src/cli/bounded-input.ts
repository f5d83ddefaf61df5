import { maxLogBytes } from '../layers/criu/file-chunks.ts';

/** Passes a stream on up to the size that is read of any log, then ends: an endless writer must not hold us for ever. */
export async function* bounded(source: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let left = maxLogBytes;
  for await (const chunk of source) {
    yield chunk.subarray(0, left);
    left -= chunk.byteLength;
    if (left <= 0) return;
  }
}
