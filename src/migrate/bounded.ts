import { TransshipError } from '../error.ts';
import { patient } from '../hosts/patience.ts';

/**
 * Gives up waiting after `usualLimitMs`, or longer where patience was asked for. What was asked for may still happen on the other side: the caller's undo must cope.
 * @throws TransshipError `failed` that names what was waited for.
 */
export async function bounded<T>(what: string, usualLimitMs: number, promise: Promise<T>): Promise<T> {
  const limitMs = patient(usualLimitMs);
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      const hint = 'is the host overloaded, or its dockerd stuck? transship doctor HOST looks';
      reject(new TransshipError('failed', `${what}: no answer within ${limitMs / 1000} s`, hint));
    }, limitMs);
  });
  try {
    return await Promise.race([promise, limit]);
  } finally {
    clearTimeout(timer);
  }
}

/** A call that is answered at all is answered sooner. */
const graceMs = 2_000;

/**
 * Lets an interrupt through while something is waited for; after a moment, as what is undone at once could overtake a call that is on
 * its way. It may still happen on the other side: the caller's undo must cope.
 */
export async function untilInterrupted<T>(signal: AbortSignal, promise: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  let onAbort = () => {};
  const interrupt = new Promise<never>((_, reject) => {
    onAbort = () => {
      timer = setTimeout(() => reject(interrupted()), graceMs);
    };
    signal.addEventListener('abort', onAbort, { once: true });
    if (signal.aborted) onAbort();
  });
  try {
    return await Promise.race([promise, interrupt]);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', onAbort);
  }
}

export function interrupted(): TransshipError {
  return new TransshipError('interrupted', 'interrupted', 'nothing was moved; run the same command again when you like');
}
