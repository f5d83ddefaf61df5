import { createInterface } from 'node:readline';
import { TransshipError } from '../../error.ts';
import type { Host } from '../../hosts/host.ts';
import { quoteWord } from '../../hosts/link.ts';
import { bounded } from '../bounded.ts';

/** The dump on the source as it goes on there by itself: its marks, as they are written. */
export interface DumpWatch {
  /** Resolves when the mark was made. @throws TransshipError `failed` with what the dump said when it failed, or ended, before */
  until(mark: string, limitMs: number): Promise<void>;
  /** Whether that mark is known to have been made. */
  hasReached(mark: string): boolean;
}

interface Waiting {
  readonly mark: string;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

export interface DumpListener {
  onFreeze(): void;
  /** The freeze was longer than its limit, and is over: the source let the container go on by itself. */
  overLimit(lastedMs: number): TransshipError;
}

/** Starts `dump` in its folder. It goes on when this connection is lost: give-up ends it. */
export function startDump(source: Host, folder: string, listener: DumpListener): DumpWatch {
  const process = source.spawn(`exec bash ${quoteWord(folder)}/dump ${quoteWord(folder)}`);
  process.stdin.end();
  const seen = new Set<string>();
  let failed: TransshipError | null = null;
  let waiting: Waiting[] = [];
  const fail = (error: TransshipError) => {
    failed ??= error;
    for (const each of waiting) each.reject(failed);
    waiting = [];
  };
  createInterface({ input: process.stdout }).on('line', (line) => {
    const [, name = '', words = ''] = /^[\d.]+ (\S+) ?(.*)$/.exec(line) ?? [];
    seen.add(name);
    if (name === 'dump.freeze') listener.onFreeze();
    if (name === 'dump.let-go') return fail(listener.overLimit(Number(words) / 1e3));
    // past the limit what fails was made to fail, and the word on how long it lasted is still to come
    if (name === 'dump.failed' && seen.has('dump.too-long')) return;
    if (name === 'dump.failed' || name === 'dump.stuck') return fail(failure(source, words));
    for (const each of waiting) if (each.mark === name) each.resolve();
    waiting = waiting.filter((each) => each.mark !== name);
  });
  void process.ended.then(({ exitCode }) => fail(failure(source, `it ended with status ${exitCode}`)));
  return {
    hasReached: (mark) => seen.has(mark),
    until: (mark, limitMs) => {
      const reached = new Promise<void>((resolve, reject) => {
        if (seen.has(mark)) resolve();
        else if (failed !== null) reject(failed);
        else waiting.push({ mark, resolve, reject });
      });
      return bounded(`the dump on ${source.name} (${mark})`, limitMs, reached);
    },
  };
}

function failure(source: Host, words: string): TransshipError {
  return new TransshipError(
    'failed',
    `dump on ${source.name}: ${words}`,
    "what CRIU said stands under 'failed' in: transship show RUN",
  );
}
