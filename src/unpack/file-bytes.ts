import { createReadStream } from 'node:fs';
import { TransshipError } from '../error.ts';

/** The bytes of a file, and an error in our words. */
export async function* bytesOf(path: string, shown: string): AsyncGenerator<Uint8Array> {
  try {
    for await (const piece of createReadStream(path, { highWaterMark: 262_144 })) yield piece as Uint8Array;
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    const hint =
      code === 'EACCES' ? 'CRIU writes its logs for root only: copy it with sudo, or change its mode' : 'check the path';
    throw unreadable(shown, cause, hint);
  }
}

export function unreadable(shown: string, cause: unknown, hint: string): TransshipError {
  return new TransshipError('input', `${shown}: cannot be read (${(cause as NodeJS.ErrnoException).code})`, hint, { cause });
}
