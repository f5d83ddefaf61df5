import { type ExecaError, execa } from 'execa';
import { TransshipError } from '../error.ts';

const limitMs = 120_000;

/**
 * A program that unpacks, or mends what was unpacked.
 * @returns what it printed
 * @throws TransshipError `not-ready` (there is none), `input` (with its last words)
 */
export async function unpackTool(name: string, words: readonly string[], cwd: string): Promise<string> {
  try {
    return (await execa(name, words, { cwd, timeout: limitMs, stdin: 'ignore', maxBuffer: 64 * 1024 * 1024 })).stdout;
  } catch (cause) {
    const { code, stderr, stdout, shortMessage } = cause as ExecaError;
    if (code === 'ENOENT')
      throw new TransshipError('not-ready', `there is no ${name} here`, `apt-get install ${name} xz-utils`, { cause });
    const why = `${stderr ?? ''}\n${stdout ?? ''}`.trim().split('\n').slice(-3).join('; ') || shortMessage;
    throw new TransshipError('input', `${words.at(-1)}: ${name} failed: ${why}`, 'is the disk full? the folder is removed again');
  }
}
