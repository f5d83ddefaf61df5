import { TransshipError } from '../error.ts';
import { bytesOf } from './file-bytes.ts';
import type { FoundFile } from './found-file.ts';
import { keepFile } from './kept-file.ts';
import { limits } from './limits.ts';
import { type Packing, packingOf, unpacked } from './packing.ts';
import type { Search } from './search.ts';
import { readTar } from './tar-entries.ts';

/** Adds a file to the search, or what it holds when it is packed. What is damaged in the middle is kept up to there, with a warning. */
export async function unpackFile(search: Search, file: FoundFile, nesting: number): Promise<void> {
  const { path, shown, isNamed } = file;
  const before = search.files.length;
  try {
    const stream = peekable(bytesOf(path, shown));
    const packing = packingOf(await stream.head());
    if (packing === null) search.files.push(file);
    else if (nesting >= limits.nesting) search.warnings.push(`${shown}: an archive in ${nesting} archives: left out`);
    else await unpack(search, file, { stream, packing, nesting });
  } catch (error) {
    if (!(error instanceof TransshipError)) throw error;
    if (isNamed && search.files.length === before) throw error;
    search.warnings.push(`${error.message}: ${search.files.length === before ? 'left out' : 'only what came before is shown'}`);
  }
}

interface Packed {
  readonly stream: Peekable;
  readonly packing: Packing;
  readonly nesting: number;
}

async function unpack(search: Search, file: FoundFile, { stream, packing, nesting }: Packed): Promise<void> {
  const { shown } = file;
  if (packing === 'tar') return unpackTar(search, file, { stream, packing, nesting });
  const inner = peekable(bounded(shown, unpacked(shown, packing, stream.all())));
  if (packingOf(await inner.head()) === 'tar') return unpackTar(search, file, { stream: inner, packing: 'tar', nesting });
  const kept = keepFile(search.store);
  let trouble: unknown;
  try {
    for await (const piece of inner.all()) kept.write(piece);
  } catch (error) {
    trouble = error;
  }
  if (kept.close()) search.warnings.push(`${shown}: only the first part was unpacked: it is too large`);
  // packed by gzip(1) or zstd(1), a file keeps its time of change
  const times = { ...file.times, birthNs: null };
  if (kept.bytes() > 0) await unpackFile(search, { ...file, path: kept.path, times }, nesting + 1);
  if (trouble !== undefined) throw trouble;
}

async function unpackTar(search: Search, { shown, isNamed }: FoundFile, { stream, nesting }: Packed): Promise<void> {
  const inside: FoundFile[] = [];
  const nameOf = (name: string) => `${shown}/${name}`;
  const reading = readTar(stream.all(), {
    shown,
    store: search.store,
    isWanted: (name, head) => !isPayload(name) && (packingOf(head) !== null || search.isWanted(nameOf(name), head)),
    onFile: ({ path, name, times, isCut }) => {
      inside.push({ path, shown: nameOf(name), isNamed: false, times });
      if (isCut) search.warnings.push(`${nameOf(name)}: only the first part was unpacked: it is too large`);
    },
    onLink: (name, target) => {
      const [, folder] = /^(?:(.*)\/)?parent$/.exec(name) ?? [null];
      if (folder !== null) search.parents.push({ folder: folder === undefined ? shown : nameOf(folder), target });
    },
  });
  const trouble = await reading.catch((error: TransshipError) => error);
  for (const file of inside) await unpackFile(search, file, nesting + 1);
  if (trouble instanceof TransshipError || (isNamed && inside.length === 0)) throw trouble ?? nothingIn(shown);
}

function nothingIn(shown: string): TransshipError {
  return new TransshipError(
    'input',
    `${shown}: an archive without any file of CRIU`,
    'transship import takes checkpoint archives of podman, Kubernetes and CRI-O, and tar files of logs and images',
  );
}

/** The container's own files, and its memory: large, and nothing of them is CRIU's to tell. */
function isPayload(name: string): boolean {
  return /(?:^|\/)(?:pages-\d+\.img|.*\.tar\.gz\.img|rootfs-diff\.tar|devshm-checkpoint\.tar)$|^volumes\//.test(name);
}

async function* bounded(shown: string, bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let sum = 0;
  for await (const piece of bytes) {
    sum += piece.byteLength;
    if (sum > limits.unpackedBytes)
      throw new TransshipError(
        'input',
        `${shown}: more than ${limits.unpackedBytes / 2 ** 30} GiB unpacked`,
        'unpack the logs alone',
      );
    yield piece;
  }
}

interface Peekable {
  /** At least 512 bytes, where there are so many. */
  head(): Promise<Uint8Array>;
  all(): AsyncGenerator<Uint8Array>;
}

function peekable(bytes: AsyncIterable<Uint8Array>): Peekable {
  const pieces = bytes[Symbol.asyncIterator]();
  let first: Uint8Array = new Uint8Array(0);
  return {
    async head() {
      for (let next = first; next.byteLength < 512; ) {
        const { value, done } = await pieces.next();
        if (done) break;
        next = Buffer.concat([next, value]);
        first = next;
      }
      return first;
    },
    async *all() {
      yield first;
      for (let next = await pieces.next(); !next.done; next = await pieces.next()) yield next.value;
    },
  };
}
