import type { ReadEntry } from 'tar';
import { TransshipError } from '../error.ts';
import type { FileTimes } from './found-file.ts';
import { type KeptFile, keepFile, type Store } from './kept-file.ts';
import { limits } from './limits.ts';

export interface TarEntry {
  readonly path: string;
  /** Its name in the archive, cleaned: no `..`, no leading `/`. */
  readonly name: string;
  readonly times: FileTimes;
  readonly isCut: boolean;
}

export interface TarReading {
  readonly shown: string;
  readonly store: Store;
  /** By name and first bytes: is it worth a copy? */
  isWanted(name: string, head: Uint8Array): boolean;
  onFile(entry: TarEntry): void;
  /** Links are read, and never followed. */
  onLink(name: string, target: string): void;
}

const headBytes = 65_536;

/** Reads a tar stream; regular files that are wanted are copied into the store. @throws TransshipError `input` */
export async function readTar(bytes: AsyncIterable<Uint8Array>, reading: TarReading): Promise<void> {
  const { Parser } = await import('tar');
  let entries = 0;
  let trouble: string | null = null;
  const parser = new Parser({
    onReadEntry: (entry) => {
      entries += 1;
      if (entries <= limits.entries) takeEntry(entry, reading);
      else entry.resume();
    },
    onwarn: (_code, message) => {
      trouble ??= String(message);
    },
  });
  parser.on('error', (error: Error) => {
    trouble ??= error.message;
  });
  for await (const piece of bytes) {
    if (trouble !== null || entries > limits.entries) break;
    parser.write(Buffer.from(piece.buffer, piece.byteOffset, piece.byteLength));
  }
  parser.end();
  if (entries > limits.entries) trouble = `more than ${limits.entries} entries`;
  if (trouble !== null) throw damaged(reading.shown, trouble);
}

function damaged(shown: string, trouble: string): TransshipError {
  return new TransshipError(
    'input',
    `${shown}: cannot be read as a tar archive (${trouble})`,
    'it is damaged or cut: copy it again, and compare sizes',
  );
}

function takeEntry(entry: ReadEntry, reading: TarReading): void {
  const name = cleanName(entry.path);
  const isFile = entry.type === 'File' || entry.type === 'OldFile' || entry.type === 'ContiguousFile';
  if (!isFile || name === '') {
    if (entry.type === 'SymbolicLink') reading.onLink(name, String(entry.linkpath));
    entry.resume();
    return;
  }
  let head: Uint8Array = new Uint8Array(0);
  let kept: KeptFile | null | undefined;
  const decide = () => {
    kept = reading.isWanted(name, head) ? keepFile(reading.store) : null;
    kept?.write(head);
  };
  entry.on('data', (piece) => {
    if (kept === undefined) {
      head = Buffer.concat([head, piece]);
      if (head.byteLength >= headBytes) decide();
    } else kept?.write(piece);
  });
  entry.on('end', () => {
    if (kept === undefined) decide();
    if (kept) reading.onFile({ path: kept.path, name, times: timesOf(entry), isCut: kept.close() });
  });
}

/** A name only to show and to tell files apart; nothing is written under it. */
function cleanName(path: string): string {
  return path
    .split('/')
    .filter((part) => part !== '' && part !== '.' && part !== '..')
    .join('/');
}

/** The header has whole seconds; a pax record has fractions, of which the library keeps milliseconds. */
function timesOf({ mtime, extended }: ReadEntry): FileTimes {
  const isFine = extended?.mtime !== undefined && extended.mtime.getTime() % 1000 !== 0;
  const ms = mtime?.getTime() ?? Number.NaN;
  return {
    mtimeNs: Number.isFinite(ms) && ms > 0 ? BigInt(Math.trunc(ms)) * 1_000_000n : null,
    birthNs: null,
    resolutionNs: isFine ? 1_000_000n : 1_000_000_000n,
  };
}
