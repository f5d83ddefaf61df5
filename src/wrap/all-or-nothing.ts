import { TransshipError } from '../error.ts';

export interface Act {
  readonly do: () => Promise<void>;
  /** Also of a `do` that failed half way. */
  readonly undo: () => Promise<void>;
}

/** Does one after another. When one fails, or an interrupt is asked for, all that were begun are undone, the last one first. */
export async function allOrNothing(acts: readonly Act[], signal?: AbortSignal): Promise<void> {
  const begun: Act[] = [];
  try {
    for (const act of acts) {
      if (signal?.aborted) throw new TransshipError('interrupted', 'interrupted', 'all is as it was');
      begun.push(act);
      await act.do();
    }
  } catch (error) {
    const failures = await undoAll(begun.reverse());
    throw failures.length === 0 ? error : halfWay(error, failures);
  }
}

async function undoAll(acts: readonly Act[]): Promise<readonly string[]> {
  const failures: string[] = [];
  for (const act of acts) await act.undo().catch((error: Error) => failures.push(error.message));
  return failures;
}

function halfWay(cause: unknown, failures: readonly string[]): TransshipError {
  const message = `${(cause as Error).message}; putting it back failed, too: ${failures.join('; ')}`;
  return new TransshipError(
    'not-ready',
    message,
    'transship wrap status HOST says what is there; install and remove can be repeated',
    {
      cause,
    },
  );
}
