import type { Round } from './stop-rule.ts';

/** How much had come at a moment. */
export interface Sample {
  readonly atMs: number;
  readonly bytes: number;
}

const windowMs = 1_000;
const megabyte = 1e6;

/** Over the last second, or what there is of it; null while nothing can be said. */
export function bytesPerSecond(samples: readonly Sample[]): number | null {
  const last = samples.at(-1);
  if (last === undefined) return null;
  const first = samples.findLast(({ atMs }) => last.atMs - atMs >= windowMs) ?? samples[0] ?? last;
  const ms = last.atMs - first.atMs;
  return ms <= 0 ? null : (Math.max(0, last.bytes - first.bytes) * 1e3) / ms;
}

/** While a round of a pre-copy is under way. */
export function sendingLine(number: number, samples: readonly Sample[]): string {
  const bytes = samples.at(-1)?.bytes ?? 0;
  return `round ${number}: ${megabytes(bytes)} sent${rateWords(bytesPerSecond(samples))}`;
}

/** When it is over. Its share of all pages says what the next may come to. */
export function roundLine(number: number, { pagesWritten, pagesSkipped, bytes, durationMs }: Round): string {
  const rate = durationMs <= 0 ? null : (bytes * 1e3) / durationMs;
  const all = pagesWritten + pagesSkipped;
  const left = pagesSkipped === 0 ? '' : `, about ${pagesWritten} of ${all} pages left`;
  return `round ${number}: ${pagesWritten} pages, ${megabytes(bytes)}${rateWords(rate)}${left}`;
}

/**
 * While memory follows its container. Pages are counted by the bytes of the channel, so they are about right.
 * @param totalPages null: not known
 */
export function arrivalLine(samples: readonly Sample[], totalPages: number | null): string {
  const bytes = samples.at(-1)?.bytes ?? 0;
  const pages = Math.floor(bytes / 4096);
  const total = totalPages === null ? 'pages' : `of ${totalPages} pages`;
  const come = totalPages === null ? pages : Math.min(pages, totalPages);
  return `memory: ${come} ${total} have come, ${megabytes(bytes)}${rateWords(bytesPerSecond(samples))}`;
}

function megabytes(bytes: number): string {
  return `${(bytes / megabyte).toFixed(1)} MB`;
}

function rateWords(rate: number | null): string {
  return rate === null ? '' : `, ${(rate / megabyte).toFixed(1)} MB/s`;
}
