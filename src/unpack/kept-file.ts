import { closeSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { limits } from './limits.ts';

/** Where copies go: plain numbers as names, so that no name from outside reaches the disk. */
export interface Store {
  readonly folder: string;
  count: number;
  bytes: number;
}

/** A copy that grows piece by piece, up to the limits; more is left out. */
export interface KeptFile {
  readonly path: string;
  write(piece: Uint8Array): void;
  bytes(): number;
  /** True when it did not fit. */
  close(): boolean;
}

export function keepFile(store: Store): KeptFile {
  store.count += 1;
  const path = join(store.folder, String(store.count));
  const file = openSync(path, 'wx', 0o600);
  let bytes = 0;
  let isCut = false;
  return {
    path,
    write(piece) {
      const room = Math.max(0, Math.min(limits.fileBytes - bytes, limits.keptBytes - store.bytes));
      if (piece.byteLength > room) isCut = true;
      const fitting = piece.subarray(0, room);
      for (let at = 0; at < fitting.byteLength; ) at += writeSync(file, fitting, at);
      bytes += fitting.byteLength;
      store.bytes += fitting.byteLength;
    },
    bytes: () => bytes,
    close() {
      closeSync(file);
      return isCut;
    },
  };
}
