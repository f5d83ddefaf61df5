import { textOf } from './line-bytes.ts';
import { isCriuLine } from './log-grammar.ts';
import { type LogKind, logKinds } from './phase.ts';
import { isStatistics } from './statistics.ts';
import { asBytes } from './text-encoding.ts';

/** What a file is by its first bytes. `nothing`: none of ours, and where one can see that. */
export type Recognised =
  | { readonly is: 'log' }
  | { readonly is: 'statistics' }
  | { readonly is: 'nothing'; readonly line: number; readonly why: string };

export const lookBytes = 65_536;

export function recognise(head: Uint8Array): Recognised {
  if (isStatistics(head)) return { is: 'statistics' };
  if (head.byteLength === 0) return { is: 'nothing', line: 1, why: 'the file is empty' };
  const [bytes = head] = [...asBytes([head])];
  const lines = textOf(bytes, 0, bytes.byteLength).split('\n');
  if (lines.some(isCriuLine)) return { is: 'log' };
  const binary = lines.findIndex((line) => line.includes('\0'));
  if (binary >= 0) return { is: 'nothing', line: binary + 1, why: 'binary data, no log of CRIU' };
  return { is: 'nothing', line: 1, why: `no line of a CRIU log in the first ${lines.length}` };
}

/** The kind that a name promises, for logs that end before they tell: `dump.log`, `src-dump.log`, `restore-global.log`, `dump.stderr`. */
export function kindOfName(path: string): LogKind | null {
  const name = path.slice(path.lastIndexOf('/') + 1);
  if (isTaskLog(name)) return null;
  const found = ['pre-dump', 'lazy-pages', 'page-server', 'restore', 'dump'].find((kind) => name.includes(kind));
  return logKinds.find((kind) => kind === found) ?? null;
}

/** Of `--log-pid`: one task's part, with a zero of its own. */
export function isTaskLog(path: string): boolean {
  return /\.log\.\d+$/.test(path);
}
