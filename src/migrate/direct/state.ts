import type { DumpWatch } from './dump-watch.ts';
import type { Traits } from './traits.ts';

/** How pages travel. */
export type DirectKind = 'cold' | 'diskless' | 'post-copy' | 'pre-copy' | 'hybrid';

/** Pages follow after the container has gone on. */
export function isLazy(kind: DirectKind): boolean {
  return kind === 'post-copy' || kind === 'hybrid';
}

/** Pages travel as files, by ssh, and not by CRIU's page channel. */
export function isByFile(kind: DirectKind): boolean {
  return kind === 'cold' || kind === 'pre-copy';
}

/** CRIU's dump itself sends the pages: to a page server. */
export function sendsPages(kind: DirectKind): boolean {
  return !isByFile(kind) && !isLazy(kind);
}

/** Most pages have come before the dump. */
export function hasRounds(kind: DirectKind): boolean {
  return kind === 'pre-copy' || kind === 'hybrid';
}

/** What the steps of a move past Docker's content store share. */
export interface DirectState {
  /** The move's folder, of the same name on both hosts. */
  readonly folder: string;
  readonly traits: Traits;
  /** CRIU's work folder: its logs, statistics, and the socket of lazy pages. */
  readonly work: { readonly source: string; readonly destination: string };
  /** The page channel; addresses as the hosts see each other. */
  readonly channel: { readonly source: string; readonly destination: string; readonly port: number };
  /** `docker start` on the destination, which returns when the container runs there; it never rejects. */
  started: Promise<Error | null> | null;
  dump: DumpWatch | null;
  /** Without any page for so long, the page channel is taken for lost. */
  readonly stallLimitMs: number;
}
