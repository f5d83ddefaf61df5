import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { TransshipError } from '../error.ts';

/**
 * The import path of a checkout, as its `go.mod` says it; moby before v29 has it in `vendor.mod`, before v22 only in import comments.
 * @throws TransshipError `input`
 */
export function moduleOf(folder: string): string {
  for (const name of ['go.mod', 'vendor.mod']) {
    const file = join(folder, name);
    const place = existsSync(file) ? /^module\s+"?([\w./-]+)"?/m.exec(readFileSync(file, 'utf8'))?.[1] : undefined;
    if (place !== undefined && !place.includes('..')) return place;
  }
  const commented = moduleByComment(folder);
  if (commented !== null) return commented;
  throw new TransshipError(
    'input',
    `${folder}: neither go.mod nor vendor.mod nor an import comment names a module there`,
    'name the top folder of a checkout of moby, containerd, runc or go-runc; one older than modules is found below src/IMPORT/PATH',
  );
}

/** `package daemon // import "github.com/docker/docker/daemon"` in the folder `daemon`: the checkout is `github.com/docker/docker`. */
export function moduleByComment(checkout: string): string | null {
  const folders = readdirSync(checkout, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  for (const { name } of folders) {
    const file = readdirSync(join(checkout, name)).find((each) => each.endsWith('.go'));
    const text = file === undefined ? '' : readFileSync(join(checkout, name, file), 'utf8');
    const path = /^package \w+ \/\/ import "([\w./-]+)"/m.exec(text)?.[1];
    if (path?.endsWith(`/${name}`)) return path.slice(0, -name.length - 1);
  }
  return null;
}
