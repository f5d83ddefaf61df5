import type { LogDigest } from './log-digest.ts';
import { phaseTables } from './phase-tables.ts';

/** What a log does not say because of how little CRIU was told to write; `null`: nothing is missing, or one cannot tell. */
export function missingDetail(digest: LogDigest): string | null {
  const { kind, isTimed, marks, end } = digest;
  if (kind === null) return null;
  if (!isTimed) return 'written at -v2 or less: CRIU writes times and phases only at -v3 and -v4 (runc and podman ask for 4)';
  const debug = phaseTables[kind].filter(({ level }) => level === 4);
  if (end === null || debug.length === 0) return null;
  if (marks.some(({ text }) => debug.some(({ begins }) => begins?.test(text)))) return null;
  return 'written at -v3: the cgroup freezer, the rounds of page writing, hooks and bulk reads are not told apart; -v4 tells them';
}
