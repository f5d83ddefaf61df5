import type { Host } from '../hosts/host.ts';
import { hostFile } from '../wrap/host-files.ts';
import { messageOf } from './engine.ts';
import { openNoter } from './host-noter.ts';

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

const noWatch: Watch = { take: async () => {}, missing: [], [Symbol.asyncDispose]: async () => {} };

/** Has the host note who calls whom, until it is disposed of. A host that cannot is left alone: the move goes on with less detail. */
export async function openWatch(host: Host, { traceparent, containerId, kinds }: WatchRequest): Promise<Watch> {
  if (kinds.length === 0) return noWatch;
  const script = hostFile('tracefs') + hostFile('watch');
  const words = ['watch', traceparent, containerId, kinds.join(' '), hostFile('notice')];
  try {
    const noter = await openNoter(host, { what: 'watching', script, words, limitMs: 15_000 });
    const missing = noter.said.flatMap((line) => /^no (\S+) (.*)$/.exec(line)?.slice(1, 3).join(': ') ?? []);
    return {
      take: noter.take,
      missing: missing.map((what) => `${host.name}: less detail, no ${what}`),
      [Symbol.asyncDispose]: () => noter[Symbol.asyncDispose](),
    };
  } catch (error) {
    return { ...noWatch, missing: [`${host.name}: less detail, nothing is watched: ${messageOf(error)}`] };
  }
}
