import { TransshipError } from '../src/error.ts';

/**
 * Waits for work, or until the signal says that nobody wants it any more: whatever is under way fails later, and nobody hears it. What
 * listens at the signal goes with the wait.
 * @throws TransshipError `interrupted` with these words
 */
export async function untilAborted<T>(signal: AbortSignal | undefined, work: Promise<T>, words: string): Promise<T> {
  if (signal === undefined) return await work;
  work.catch(() => {});
  let onAbort = (): void => {};
  const aborted = new Promise<never>((_, reject) => {
    onAbort = () => reject(new TransshipError('interrupted', words, 'nothing of it is left'));
    signal.addEventListener('abort', onAbort, { once: true });
    if (signal.aborted) onAbort();
  });
  try {
    return await Promise.race([aborted, work]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}
