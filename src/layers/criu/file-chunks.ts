import { closeSync, openSync, readSync } from 'node:fs';
import { TransshipError } from '../../error.ts';

const chunkBytes = 262_144;
/** CRIU can loop and write 50 MB of log a second (12.6 GB were seen): no more than this is read. */
export const maxLogBytes = 2 ** 30;

/** The bytes of a file, piece by piece, up to `limitBytes`. Each piece is filled anew for the next: keep nothing of it. */
export function* fileChunks(path: string, limitBytes: number = maxLogBytes): Generator<Uint8Array> {
  const file = open(path);
  const chunk = Buffer.allocUnsafeSlow(Math.min(chunkBytes, limitBytes));
  try {
    for (let read = 0; read < limitBytes; ) {
      const length = readSync(file, chunk, 0, Math.min(chunkBytes, limitBytes - read), null);
      if (length === 0) return;
      read += length;
      yield chunk.subarray(0, length);
    }
  } finally {
    closeSync(file);
  }
}

/** The first bytes of a file, for telling what it is. */
export function firstBytes(path: string, length: number): Uint8Array {
  const pieces: Uint8Array[] = [];
  for (const chunk of fileChunks(path, length)) pieces.push(Uint8Array.from(chunk));
  return Buffer.concat(pieces);
}

function open(path: string): number {
  try {
    return openSync(path, 'r');
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    throw new TransshipError('input', `${path}: cannot be read (${code})`, hintOf(code), { cause });
  }
}

function hintOf(code: string | undefined): string {
  if (code === 'EACCES') return 'CRIU writes its logs for root only: copy it with sudo, or change its mode';
  return 'check the path';
}
