import { TransshipError } from '../error.ts';

/** Asks before anything is touched. Without a terminal nobody can answer: then only `--yes` is a yes. */
export async function askConsent(question: string, isYes: boolean): Promise<boolean> {
  if (isYes) return true;
  if (!process.stdin.isTTY || !process.stderr.isTTY)
    throw new TransshipError(
      'usage',
      'there is no terminal to ask for consent: nothing was touched',
      '--yes agrees to the above',
    );
  const { createInterface } = await import('node:readline/promises');
  const dialogue = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return /^y(es)?$/i.test((await dialogue.question(`${question} (y/N) `)).trim());
  } finally {
    dialogue.close();
  }
}
