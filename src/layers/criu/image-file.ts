import { TransshipError } from '../../error.ts';
import { type ImageKind, imageFormats } from './image-protos.ts';

/** An image, decoded: numbers of 64 bits as numbers, which is exact up to 2^53. */
export interface CriuImage {
  readonly kind: ImageKind;
  readonly entries: readonly Readonly<Record<string, unknown>>[];
}

/** IMG_COMMON_MAGIC and IMG_SERVICE_MAGIC stand before the type since version 1.1 of the format; the inventory has none. */
const commonMagics = [0x54564319, 0x55105940];

/** By its magic, whatever its name; `null`: an image that we don't read, or none. */
export function imageKindOf(head: Uint8Array): ImageKind | null {
  return formatOf(head)?.format.kind ?? null;
}

function formatOf(bytes: Uint8Array): { format: (typeof imageFormats)[number]; at: number } | null {
  if (bytes.byteLength < 8) return null;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const isCommon = commonMagics.includes(view.getUint32(0, true));
  const magic = view.getUint32(isCommon ? 4 : 0, true);
  const format = imageFormats.find((one) => one.magic === magic);
  return format === undefined ? null : { format, at: isCommon ? 8 : 4 };
}

/**
 * Decodes a whole image: magics, then entries, each a length and a message. An image that ends inside an entry is an error with its offset,
 * never a silent whole.
 * @throws TransshipError `input`
 */
export function decodeImage(file: string, bytes: Uint8Array): CriuImage {
  const found = formatOf(bytes);
  if (found === null) throw damaged(file, 0, 'no image of CRIU that we read (magic)');
  const { format } = found;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const entries: Record<string, unknown>[] = [];
  for (let { at } = found; at < bytes.byteLength; ) {
    if (at + 4 > bytes.byteLength) throw damaged(file, at, 'cut in the length of an entry');
    const size = view.getUint32(at, true);
    if (at + 4 + size > bytes.byteLength)
      throw damaged(file, at, `cut: an entry of ${size} bytes begins here, ${bytes.byteLength - at - 4} are there`);
    const message = entries.length === 0 && format.head !== undefined ? format.head : format.entry;
    entries.push(decodeEntry(message, { file, at, bytes: bytes.subarray(at + 4, at + 4 + size) }));
    at += 4 + size;
    if (format.hasTail) {
      checkTail(file, entries[0] ?? {}, { at, length: bytes.byteLength });
      break;
    }
  }
  // a process without descriptors has none; every other image says something
  if (entries.length === 0 && format.kind !== 'fdinfo')
    throw damaged(file, bytes.byteLength, 'cut: it ends before its first entry');
  return { kind: format.kind, entries };
}

function decodeEntry(
  message: (typeof imageFormats)[number]['entry'],
  { file, at, bytes }: { file: string; at: number; bytes: Uint8Array },
): Record<string, unknown> {
  try {
    return message.toObject(message.decode(bytes), { longs: Number, arrays: true });
  } catch (cause) {
    throw damaged(file, at, `no ${message.name} message (${(cause as Error).message})`, cause);
  }
}

/** The queues of a TCP connection follow as raw bytes. */
function checkTail(file: string, entry: Readonly<Record<string, unknown>>, { at, length }: { at: number; length: number }): void {
  const wanted = Number(entry.inq_len ?? 0) + Number(entry.outq_len ?? 0);
  if (at + wanted > length) throw damaged(file, at, `cut: ${wanted} bytes of queues begin here, ${length - at} are there`);
}

function damaged(file: string, offset: number, what: string, cause?: unknown): TransshipError {
  return new TransshipError(
    'input',
    `${file}: offset ${offset}: ${what}`,
    'copy the images again, all of them, and compare sizes',
    {
      cause,
    },
  );
}
