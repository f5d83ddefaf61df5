import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { TestRunner } from 'vitest';
import type { Manifest } from '../src/evidence/manifest.ts';
import type { RunFolder } from '../src/evidence/run-folder.ts';

declare module 'vitest' {
  interface TaskMeta {
    /** The moves of a test that did not end on the destination, and why; told where the test fails (closing-line.ts). */
    moves?: string[];
  }
}

/** "Expected rolled-back to be migrated" is nothing that can be looked into once the hosts have gone. */
export function noteMove(folder: RunFolder, { outcome, error, warnings }: Manifest): void {
  const meta = TestRunner.getCurrentTest()?.meta;
  if (meta === undefined || outcome === 'migrated') return;
  meta.moves ??= [];
  meta.moves.push([JSON.stringify({ outcome, error, warnings }), ...criuErrors(folder)].join('\n'));
}

function criuErrors(folder: RunFolder): string[] {
  const logs = readdirSync(folder.path, { recursive: true, encoding: 'utf8' }).filter((path) => /criu\/.*\.log$/.test(path));
  return logs.flatMap((log) =>
    readFileSync(join(folder.path, log), 'utf8')
      .split('\n')
      .filter((line) => line.includes('Error ('))
      .slice(0, 5)
      .map((line) => `${log}: ${line}`),
  );
}
