import { existsSync, readFileSync } from 'node:fs';

/** The last lines of a log; without dockerd's debug lines, which would be all of it. */
export function tail(file: string, lines = 15): string {
  if (!existsSync(file)) return '(no log)';
  const kept = readFileSync(file, 'utf8').trimEnd().split('\n');
  const told = kept.filter((line) => !line.includes(' level=debug '));
  return told.slice(-lines).join('\n') || '(its log is empty)';
}
