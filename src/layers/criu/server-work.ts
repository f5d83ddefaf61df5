import { endMarkers } from './log-markers.ts';
import type { LogKind } from './phase.ts';

/** What a page server or a lazy-pages daemon has done: neither has a word for its end. */
export interface ServerWork {
  hasServed: boolean;
  /** Tasks that a lazy-pages daemon got, less those whose pages have all come; `null` before the first. */
  waitingTasks: number | null;
}

export function newServerWork(): ServerWork {
  return { hasServed: false, waitingTasks: null };
}

export function noteServerWork(work: ServerWork, text: string): void {
  if (endMarkers.served.test(text)) work.hasServed = true;
  if (endMarkers.handed.test(text)) work.waitingTasks = (work.waitingTasks ?? 0) + 1;
  const [, come, all] = endMarkers.delivered.exec(text) ?? [];
  if (come !== undefined && come === all && work.waitingTasks !== null) work.waitingTasks -= 1;
}

/** Its work is done, or the log does not say. */
export function endOfServer(kind: LogKind | null, { hasServed, waitingTasks }: ServerWork): 'ok' | null {
  return (kind === 'page-server' && hasServed) || (kind === 'lazy-pages' && waitingTasks === 0) ? 'ok' : null;
}
