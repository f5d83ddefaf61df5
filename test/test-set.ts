import { createHash } from 'node:crypto';
import { packageRoot } from '../src/evidence/run-folder.ts';

/** A set of test hosts of this checkout alone: two checkouts can be tested at the same time. */
export function testSet(name: string): string {
  return `${name}-${createHash('sha256').update(packageRoot()).digest('hex').slice(0, 4)}`;
}
