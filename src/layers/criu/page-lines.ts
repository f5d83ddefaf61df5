import type { LogDigest } from './log-digest.ts';
import type { CriuStatistics } from './statistics.ts';

/** Lines that tell how much memory went by. */
const lines = {
  /** criu/page-xfer.c page_xfer_dump_pages, before it writes a buffer: pages and segments; decimal up to 4.1, hexadecimal since. */
  written: /^(?:page-xfer: )?\tbuf ([\da-f]+)\/[\da-f]+$/,
  /** criu/pie/restorer.c, after preadv: bytes, of the task that reads. */
  read: /^`- returned (\d+)$/,
} as const;

export const pagePatterns = Object.values(lines);

const pageBytes = 4096;

/** So many bytes, told at a line. */
export interface TransferLine {
  readonly line: number;
  readonly lane: number | null;
  readonly bytes: number;
}

/**
 * What a dump wrote, buffer by buffer; none where that does not add up to what the statistics say (a lazy dump's are wrong, a log is cut, or
 * says too little). Which of the two ways of writing numbers it was is known by the sum alone.
 */
export function writtenLines({ marks }: LogDigest, statistics: CriuStatistics | null): readonly TransferLine[] {
  if (statistics?.kind !== 'dump') return [];
  const { pages_written = 0, shpages_written = 0 } = statistics.values;
  const buffers = marks.flatMap(({ line, lane, text }) => {
    const pages = lines.written.exec(text)?.[1];
    return pages === undefined ? [] : [{ line, lane, pages }];
  });
  for (const radix of [10, 16]) {
    const found = buffers.map(({ line, lane, pages }) => ({ line, lane, bytes: numberOf(pages, radix) * pageBytes }));
    if (found.reduce((sum, { bytes }) => sum + bytes, 0) === (pages_written + shpages_written) * pageBytes) return found;
  }
  return [];
}

function numberOf(text: string, radix: number): number {
  return radix === 10 && !/^\d+$/.test(text) ? Number.NaN : Number.parseInt(text, radix);
}

/** What each restored task read from the images in bulk. */
export function readLines({ marks }: LogDigest): readonly TransferLine[] {
  return marks.flatMap(({ line, lane, text }) => {
    const bytes = lines.read.exec(text)?.[1];
    return bytes === undefined ? [] : [{ line, lane, bytes: Number(bytes) }];
  });
}
