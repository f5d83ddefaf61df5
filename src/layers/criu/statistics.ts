import protobuf from 'protobufjs';
import { TransshipError } from '../../error.ts';

/** From images/stats.proto of CRIU 4.1; every field optional, since older files lack some (pages_lazy came with 3.6). */
const proto = `
syntax = "proto2";
message dump { optional uint32 freezing_time = 1; optional uint32 frozen_time = 2; optional uint32 memdump_time = 3;
  optional uint32 memwrite_time = 4; optional uint64 pages_scanned = 5; optional uint64 pages_skipped_parent = 6;
  optional uint64 pages_written = 7; optional uint32 irmap_resolve = 8; optional uint64 pages_lazy = 9;
  optional uint64 page_pipes = 10; optional uint64 page_pipe_bufs = 11; optional uint64 shpages_scanned = 12;
  optional uint64 shpages_skipped_parent = 13; optional uint64 shpages_written = 14; }
message restore { optional uint64 pages_compared = 1; optional uint64 pages_skipped_cow = 2; optional uint32 forking_time = 3;
  optional uint32 restore_time = 4; optional uint64 pages_restored = 5; }
message stats { optional dump dump = 1; optional restore restore = 2; }`;

const statsType = protobuf.parse(proto, { keepCase: true }).root.lookupType('stats');
const serviceMagic = 0x55105940; // criu/include/magic.h IMG_SERVICE_MAGIC
const statsMagic = 0x57093306; // STATS_MAGIC

/** CRIU's own numbers, under its own names: times in microseconds (uint32: they wrap at 71.6 minutes), pages of 4 KiB. */
export interface CriuStatistics {
  readonly kind: 'dump' | 'restore';
  readonly values: Readonly<Record<string, number>>;
}

export function isStatistics(bytes: Uint8Array): boolean {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return bytes.byteLength >= 8 && view.getUint32(0, true) === serviceMagic && view.getUint32(4, true) === statsMagic;
}

/**
 * Decodes `stats-dump` or `stats-restore`: two magics, a length, one protobuf message.
 * @throws TransshipError `input` with file and offset
 */
export function decodeStatistics(file: string, bytes: Uint8Array): CriuStatistics {
  if (!isStatistics(bytes)) throw damaged(file, 0, 'not a CRIU statistics file (magic)');
  if (bytes.byteLength < 12) throw damaged(file, bytes.byteLength, 'cut in its header');
  const size = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getUint32(8, true);
  if (bytes.byteLength < 12 + size) throw damaged(file, bytes.byteLength, `cut: ${12 + size} bytes were written`);
  let message: Record<string, Record<string, number>>;
  try {
    message = statsType.toObject(statsType.decode(bytes.subarray(12, 12 + size)), { longs: Number }) as typeof message;
  } catch (cause) {
    throw damaged(file, 12, `no statistics message (${(cause as Error).message})`, cause);
  }
  const kind = message.dump ? 'dump' : 'restore';
  const values = message[kind];
  if (values === undefined) throw damaged(file, 12, 'statistics of neither a dump nor a restore');
  return { kind, values };
}

function damaged(file: string, offset: number, what: string, cause?: unknown): TransshipError {
  return new TransshipError(
    'input',
    `${file}: offset ${offset}: ${what}`,
    'copy the file again from where CRIU wrote it (its work folder)',
    {
      cause,
    },
  );
}

/**
 * A lazy dump starts its statistics anew when it begins to serve pages (page-xfer.c cr_page_server): all zero then,
 * and `frozen_time` is the wall clock's microseconds modulo 2^32 (4.1.1 and 4.2.1).
 */
export function isGarbage({ kind, values }: CriuStatistics): boolean {
  return kind === 'dump' && !values.freezing_time && !values.pages_scanned;
}
