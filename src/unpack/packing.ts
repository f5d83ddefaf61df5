import { createGunzip } from 'node:zlib';
import { TransshipError } from '../error.ts';

export type Packing = 'gzip' | 'zstd' | 'tar' | 'bzip2' | 'xz' | 'lz4' | 'zip';

const starts: readonly { readonly packing: Packing; readonly bytes: readonly number[]; readonly at?: number }[] = [
  { packing: 'gzip', bytes: [0x1f, 0x8b, 0x08] },
  { packing: 'zstd', bytes: [0x28, 0xb5, 0x2f, 0xfd] },
  { packing: 'tar', bytes: [0x75, 0x73, 0x74, 0x61, 0x72], at: 257 }, // ustar, GNU and pax
  { packing: 'bzip2', bytes: [0x42, 0x5a, 0x68] },
  { packing: 'xz', bytes: [0xfd, 0x37, 0x7a, 0x58, 0x5a] },
  { packing: 'lz4', bytes: [0x04, 0x22, 0x4d, 0x18] },
  { packing: 'zip', bytes: [0x50, 0x4b, 0x03, 0x04] },
];

/** What the first 512 bytes say, whatever the name says; `null`: a plain file. */
export function packingOf(bytes: Uint8Array): Packing | null {
  return starts.find(({ bytes: own, at = 0 }) => own.every((byte, index) => bytes[at + index] === byte))?.packing ?? null;
}

/** The content of packed bytes, piece by piece. @throws TransshipError `input` */
export async function* unpacked(shown: string, packing: Packing, bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  if (packing === 'gzip') yield* gunzipped(shown, bytes);
  else if (packing === 'zstd') yield* unzstd(shown, bytes);
  else throw new TransshipError('input', `${shown}: packed with ${packing}`, 'unpack it first: gzip, zstd and tar are read');
}

async function* gunzipped(shown: string, bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const gunzip = createGunzip();
  const feed = feedInto(gunzip, bytes).catch((error: Error) => gunzip.destroy(error));
  try {
    for await (const piece of gunzip) yield piece as Uint8Array;
    await feed;
  } catch (cause) {
    if (cause instanceof TransshipError) throw cause;
    throw damaged(shown, cause);
  } finally {
    gunzip.destroy();
  }
}

async function feedInto(gunzip: ReturnType<typeof createGunzip>, bytes: AsyncIterable<Uint8Array>): Promise<void> {
  for await (const piece of bytes) {
    if (gunzip.destroyed) return;
    if (!gunzip.write(piece)) await roomIn(gunzip);
  }
  gunzip.end();
}

/** It can take more, or is closed: a file of gigabytes waits here thousands of times, and leaves no listener behind. */
function roomIn(gunzip: ReturnType<typeof createGunzip>): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      gunzip.off('drain', done).off('close', done);
      resolve();
    };
    gunzip.on('drain', done).on('close', done);
  });
}

/** By fzstd, as Node's own zlib knows zstd only from 22.15 on. */
async function* unzstd(shown: string, bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const { Decompress } = await import('fzstd');
  let pieces: Uint8Array[] = [];
  const stream = new Decompress((piece) => pieces.push(piece));
  const push = (piece: Uint8Array, isLast: boolean) => {
    try {
      stream.push(piece, isLast);
    } catch (cause) {
      throw damaged(shown, cause);
    }
  };
  for await (const piece of bytes) {
    push(piece, false);
    yield* pieces;
    pieces = [];
  }
  push(new Uint8Array(0), true);
  yield* pieces;
}

function damaged(shown: string, cause: unknown): TransshipError {
  return new TransshipError(
    'input',
    `${shown}: cannot be unpacked (${(cause as Error).message})`,
    'it is damaged or cut: copy it again, and compare sizes',
    { cause },
  );
}
