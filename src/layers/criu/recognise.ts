import { basename } from 'node:path';
import { firstBytes } from './file-chunks.ts';
import { type LogKind, logKinds } from './phase.ts';
import { isStatistics } from './statistics.ts';

/** What a file is by its first bytes. `nothing`: none of ours, and where one can see that. */
export type Recognised =
  | { readonly is: 'log' }
  | { readonly is: 'statistics' }
  | { readonly is: 'nothing'; readonly line: number; readonly why: string };

const lookBytes = 65_536;
/** The mark of CRIU's own: a time, or an error with its place in CRIU's sources. */
const criuLine = /^\(\d{2,}\.\d{3,6}[) ]|^(?:Error|Warn ) \([\w/.-]+\.[ch]:\d+\): |^pie: \d+: /;

/** @throws TransshipError `input` when it cannot be read */
export function recogniseFile(path: string): Recognised {
  const bytes = firstBytes(path, lookBytes);
  if (isStatistics(bytes)) return { is: 'statistics' };
  if (bytes.byteLength === 0) return { is: 'nothing', line: 1, why: 'the file is empty' };
  const lines = Buffer.from(bytes).toString('latin1').split('\n');
  if (lines.some((line) => criuLine.test(line))) return { is: 'log' };
  const binary = lines.findIndex((line) => line.includes('\0'));
  if (binary >= 0) return { is: 'nothing', line: binary + 1, why: 'binary data, no log of CRIU' };
  return { is: 'nothing', line: 1, why: `no line of a CRIU log in the first ${lines.length}` };
}

/** The kind that a name promises, for logs that end before they tell: `dump.log`, `src-dump.log`, `restore-global.log`, `dump.stderr`. */
export function kindOfName(path: string): LogKind | null {
  const name = basename(path);
  if (/\.log\.\d+$/.test(name)) return null; // --log-pid: one task's part, with a zero of its own
  const found = ['pre-dump', 'lazy-pages', 'page-server', 'restore', 'dump'].find((kind) => name.includes(kind));
  return logKinds.find((kind) => kind === found) ?? null;
}
