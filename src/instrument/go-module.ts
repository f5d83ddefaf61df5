import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { TransshipError } from '../error.ts';

/**
 * The import path of a checkout, as its `go.mod` says it; moby before v29 has it in `vendor.mod`.
 * @throws TransshipError `input`
 */
export function moduleOf(folder: string): string {
  for (const name of ['go.mod', 'vendor.mod']) {
    const file = join(folder, name);
    const place = existsSync(file) ? /^module\s+"?([\w./-]+)"?/m.exec(readFileSync(file, 'utf8'))?.[1] : undefined;
    if (place !== undefined && !place.includes('..')) return place;
  }
  throw new TransshipError(
    'input',
    `${folder}: neither go.mod nor vendor.mod names a module there`,
    'name the top folder of a checkout of moby, containerd, runc or go-runc',
  );
}
