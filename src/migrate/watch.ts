import { createInterface } from 'node:readline';
import type { Host, HostProcess } from '../hosts/host.ts';
import { quoteWord } from '../hosts/link.ts';
import { hostFile } from '../wrap/host-files.ts';
import { bounded } from './bounded.ts';
import { messageOf } from './engine.ts';

/** What a host can be asked to note during a move, each to be switched off by itself (src/wrap/host/watch.sh). */
export const watchKinds = ['calls', 'kernel'] as const;
export type WatchKind = (typeof watchKinds)[number];

/** Where the host keeps it meanwhile. */
export const watchFolder = '/run/transship/watch';

export interface Watch extends AsyncDisposable {
  /** Has what was noted so far put where it can be fetched: `calls`, `noticed` and `kernel.trace` in the folder. */
  take(): Promise<void>;
  /** A sentence for each kind that was wanted and could not be had. */
  readonly missing: readonly string[];
}

export interface WatchRequest {
  readonly traceparent: string;
  readonly containerId: string;
  readonly kinds: readonly WatchKind[];
}

const limitMs = 15_000;
const noWatch: Watch = { take: async () => {}, missing: [], [Symbol.asyncDispose]: async () => {} };

/** Has the host note who calls whom, until it is disposed of. A host that cannot is left alone: the move goes on with less detail. */
export async function openWatch(host: Host, { traceparent, containerId, kinds }: WatchRequest): Promise<Watch> {
  if (kinds.length === 0) return noWatch;
  const words = [traceparent, containerId, kinds.join(' '), hostFile('notice')].map(quoteWord).join(' ');
  const process = host.spawn(`exec unshare --mount --propagation private bash -c ${quoteWord(hostFile('watch'))} watch ${words}`);
  const lines = createInterface({ input: process.stdout })[Symbol.asyncIterator]();
  try {
    const said = await bounded(`watching ${host.name}`, limitMs, linesUntil(lines, 'go'));
    const missing = said.flatMap((line) => /^no (\S+) (.*)$/.exec(line)?.slice(1, 3).join(': ') ?? []);
    return {
      take: async () => {
        process.stdin.write('take\n');
        await bounded(`reading what ${host.name} noted`, limitMs, linesUntil(lines, 'taken'));
      },
      missing: missing.map((what) => `${host.name}: less detail, no ${what}`),
      [Symbol.asyncDispose]: () => close(host, process),
    };
  } catch (error) {
    await close(host, process);
    return { ...noWatch, missing: [`${host.name}: less detail, nothing is watched: ${messageOf(error)}`] };
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
async function close(host: Host, process: HostProcess): Promise<void> {
  process.stdin.end();
  await bounded(`ending the watch on ${host.name}`, 5_000, process.ended).catch(() => process.kill());
}
