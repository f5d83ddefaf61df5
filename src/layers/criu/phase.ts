import type { LeafCauseName } from '../../trace/leaf-causes.ts';

/** What a log tells of: CRIU's actions, and its two servers. */
export const logKinds = ['dump', 'pre-dump', 'restore', 'page-server', 'lazy-pages'] as const;
export type LogKind = (typeof logKinds)[number];

/**
 * A phase runs from the first line that matches `begins` until the next phase of its track begins, or its parent ends.
 * Keyed on text, never on CRIU's line numbers. A new CRIU version is a row or a wider pattern, plus a recorded log.
 */
export interface Phase {
  readonly name: string;
  /** The phase it is a part of; without one it is a top phase of the log. */
  readonly within?: string;
  /** It can only begin once this phase of the same parent has begun. */
  readonly after?: string;
  /** Named groups become attributes. `null`: begins with its parent (a top phase: at CRIU's zero). */
  readonly begins: RegExp | null;
  /**
   * Whose lines: `master` (CRIU's main process), `root` (the first restored task), `task` (each restored task, a track of its own),
   * or `any`. A dump has one lane only.
   */
  readonly lane?: 'master' | 'root' | 'task' | 'any';
  /** A matching line begins another one of it (a task, a hook) instead of belonging to the one that is open. */
  readonly isRepeated?: true;
  /** Comes again after a sibling; every other phase begins once in its parent, whatever lines follow. */
  readonly isResumed?: true;
  /** Begins at the last line that matches: the line is printed once for each task, and the root task's comes last. */
  readonly isLast?: true;
  /** Something else is being waited for: it explains nothing by itself. */
  readonly isWait?: true;
  /** Where its bytes are told: buffers that the dump writes, reads of a task, images that a page server made, pages that a daemon fetched. */
  readonly bytes?: 'written' | 'read' | 'received' | 'fetched';
  /** What its time goes to, where CRIU's source tells. */
  readonly cause?: LeafCauseName;
  /** CRIU's function, for `code.function.name`. */
  readonly code: string;
  /** Least verbosity that prints the line: 3 or 4. */
  readonly level: 3 | 4;
  /** Where it is printed, what CRIU's statistics call it, and what differs between versions. */
  readonly source: string;
}
