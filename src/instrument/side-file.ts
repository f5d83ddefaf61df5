import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { sourceEventsFile } from '../evidence/records.ts';
import { packageRoot } from '../evidence/run-folder.ts';

/**
 * The file beside the functions of a package: `go/span.go`. Standard library only, so no import is added to a file of theirs (import comments,
 * vendor folders and go.mod stay as they are). Its imports have names of their own, as a package may have an `os` itself. One line a span,
 * written in one write to a file opened for appending: lines of several processes do not mix (POSIX write, O_APPEND).
 */
export function sideFile(packageName: string): string {
  const text = readFileSync(join(packageRoot(), 'src/instrument/go/span.go'), 'utf8');
  return text.replace('package span\n', `package ${packageName}\n`).replace('EVENTS_FILE', sourceEventsFile);
}
