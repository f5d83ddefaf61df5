import type { Duplex } from 'node:stream';
import type { ResultPromise } from 'execa';

/** Options of every process that is kept open: raw streams, no rejection, out of the terminal's reach. */
export const openProcess = {
  buffer: false,
  reject: false,
  stdin: 'pipe',
  stdout: 'pipe',
  stderr: 'pipe',
  // A Ctrl-C at the terminal goes to the whole foreground group; what the rollback needs must outlive it.
  detached: true,
} as const;

export type OpenProcess = ResultPromise<typeof openProcess>;

/** How processes and connections get onto a host: directly, or over one OpenSSH connection. */
export interface Link extends AsyncDisposable {
  /** For messages: the name of the host. */
  readonly name: string;
  readonly login: { readonly user: string; readonly uid: number };
  /** Starts one shell command line as the login user. */
  start(commandLine: string): OpenProcess;
  /** A connection to the Docker daemon's socket with the login user's rights. */
  dialSocket(): Duplex;
  /** Connections to this port of the host's loopback address arrive at a unix socket of this machine. */
  forwardPort(port: number, socketPath: string): Promise<AsyncDisposable>;
  /** What is known of a link that has ended, in the words of ssh; null while it holds. */
  ended(): string | null;
}

/** One word for a POSIX shell. */
export function quoteWord(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
