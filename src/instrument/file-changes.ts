import { renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { TransshipError } from '../error.ts';
import type { FileChange } from './inject.ts';

/**
 * All or nothing: new texts are written aside first, which is where a disk is full, and put into place when all are there.
 * @throws TransshipError `failed`: the tree is as it was
 */
export function applyChanges(changes: readonly FileChange[]): void {
  const aside = (path: string): string => `${path}.transship-new`;
  const written = changes.filter(({ after }) => after !== null);
  try {
    for (const { path, after } of written) {
      const mode = statSync(path, { throwIfNoEntry: false })?.mode;
      writeFileSync(aside(path), after as string, mode === undefined ? { flush: true } : { mode, flush: true });
    }
  } catch (cause) {
    for (const { path } of written) rmSync(aside(path), { force: true });
    const { message, path } = cause as NodeJS.ErrnoException;
    throw new TransshipError(
      'failed',
      `${path ?? written[0]?.path}: ${message}: the tree is as it was`,
      'make room there, or work on a copy elsewhere',
      { cause },
    );
  }
  for (const { path, after } of changes) {
    if (after === null) rmSync(path);
    else renameSync(aside(path), path);
  }
}

/** As `diff -U0` has it: injected lines keep their numbers, so a hunk is a line. */
export function unifiedDiff(changes: readonly FileChange[]): string {
  return changes
    .flatMap((change) => [
      `--- ${change.before === null ? '/dev/null' : change.path}`,
      `+++ ${change.after === null ? '/dev/null' : change.path}`,
      ...hunks(change),
    ])
    .join('\n');
}

function hunks({ before, after }: FileChange): readonly string[] {
  const [old, fresh] = [linesOf(before), linesOf(after)];
  if (before === null) return [`@@ -0,0 +1,${fresh.length} @@`, ...fresh.map((line) => `+${line}`)];
  if (after === null) return [`@@ -1,${old.length} +0,0 @@`, ...old.map((line) => `-${line}`)];
  return old.flatMap((line, index) =>
    line === fresh[index] ? [] : [`@@ -${index + 1} +${index + 1} @@`, `-${line}`, `+${fresh[index]}`],
  );
}

function linesOf(text: string | null): readonly string[] {
  return text === null ? [] : text.replace(/\n$/, '').split('\n');
}
