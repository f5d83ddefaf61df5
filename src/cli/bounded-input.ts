import { maxLogBytes } from '../layers/criu/file-chunks.ts';

/** Passes a stream on up to the size that is read of any log; the rest is read and dropped, so that the writer is not killed. */
export async function* bounded(source: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let left = maxLogBytes;
  for await (const chunk of source) {
    if (left > 0) yield chunk.subarray(0, left);
    left -= chunk.byteLength;
  }
}
