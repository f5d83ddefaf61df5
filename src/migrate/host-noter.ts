import { createInterface } from 'node:readline';
import type { Host, HostProcess } from '../hosts/host.ts';
import { quoteWord } from '../hosts/link.ts';
import { bounded } from './bounded.ts';

/** A script on a host that has something noted until its input ends, by whatever means (src/wrap/host/watch.sh, src/uprobes/host/uprobes.sh). */
export interface HostNoter extends AsyncDisposable {
  /** The lines that it said before its `go`. */
  readonly said: readonly string[];
  /** Has what was noted so far put where it can be fetched. */
  take(): Promise<void>;
}

export interface NoterRequest {
  /** For messages: `watching`. */
  readonly what: string;
  /** The script's text, and its words: its name first. */
  readonly script: string;
  readonly words: readonly string[];
  readonly input?: string;
  readonly limitMs: number;
}

/** @throws TransshipError or Error when it does not begin: then it has ended */
export async function openNoter(host: Host, { what, script, words, input, limitMs }: NoterRequest): Promise<HostNoter> {
  const command = ['exec unshare --mount --propagation private bash -c', ...[script, ...words].map(quoteWord)].join(' ');
  const process = host.spawn(command);
  const lines = createInterface({ input: process.stdout })[Symbol.asyncIterator]();
  try {
    if (input !== undefined) process.stdin.write(input);
    const said = await bounded(`${what} ${host.name}`, limitMs, linesUntil(lines, 'go'));
    return {
      said,
      take: async () => {
        process.stdin.write('take\n');
        await bounded(`reading what ${host.name} noted`, limitMs, linesUntil(lines, 'taken'));
      },
      [Symbol.asyncDispose]: () => close(host, what, process),
    };
  } catch (error) {
    await close(host, what, process);
    throw error;
  }
}

async function linesUntil(lines: AsyncIterator<string>, last: string): Promise<readonly string[]> {
  const said: string[] = [];
  for (;;) {
    const { value, done } = await lines.next();
    if (done) throw new Error(`it ended before it said '${last}'`);
    if (value === last) return said;
    said.push(value);
  }
}

/** The host cleans up by itself when our end is closed; the wait is for whoever looks at the host next. */
async function close(host: Host, what: string, process: HostProcess): Promise<void> {
  process.stdin.end();
  await bounded(`the end of ${what} ${host.name}`, 10_000, process.ended).catch(() => process.kill());
}
