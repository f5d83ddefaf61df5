import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../evidence/run-folder.ts';

/** Transship's own version, from package.json. */
export function transshipVersion(): string {
  return JSON.parse(readFileSync(join(packageRoot(), 'package.json'), 'utf8')).version;
}
