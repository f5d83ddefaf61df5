import { closeSync } from 'node:fs';
import { TransshipError } from '../error.ts';
import { reportError } from './terminal.ts';

/** What became of what was printed. */
export interface Output {
  /** The error of stdout has been dealt with; a command that also got it need not report it again. */
  hasTold(error: unknown): boolean;
}

/**
 * A reader may go at any time: `| head`, a closed terminal, a dropped ssh session. Unheard, the `error` event of stdout or stderr
 * would end the process, and a container that is being moved would stay frozen. So it is heard before anything starts: talk that
 * nobody can read is dropped, a pipe whose reader has seen enough is no failure, and any other lost result is one.
 */
export function watchOutput(): Output {
  let told: Error | null = null;
  process.stderr.on('error', leaveTerminal);
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    leaveTerminal(error);
    if (told !== null) return;
    told = error;
    if (hasNoReader(error)) return;
    const hint = 'is its disk full? write to another place; runs are kept, and shown again at any time';
    const status = reportError(new TransshipError('failed', `stdout: cannot be written (${error.message})`, hint));
    process.exitCode ||= status;
  });
  return { hasTold: (error) => error !== null && error === told };
}

/**
 * Node sets a terminal back as it was when it ends, and aborts where the terminal is gone (src/node.cc, ResetStdio); it passes over what
 * is closed.
 */
function leaveTerminal({ code }: NodeJS.ErrnoException): void {
  if (code === 'EIO' && !process.listeners('exit').includes(closeStandard)) process.once('exit', closeStandard);
}

function closeStandard(): void {
  for (const fd of [0, 1, 2]) {
    try {
      closeSync(fd);
    } catch {
      // it is closed
    }
  }
}

/** A closed pipe; a terminal that is gone (EIO). */
function hasNoReader({ code }: NodeJS.ErrnoException): boolean {
  return code === 'EPIPE' || code === 'EIO' || code === 'ECONNRESET';
}
