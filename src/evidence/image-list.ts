import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** An image that CRIU left on a host: `pages-1.img`. */
export interface ListedImage {
  readonly name: string;
  readonly bytes: number;
}

/** `criu/images.json` of a host's evidence. Null: there is no such list, or it is none. */
export function listedImages(hostFolder: string): readonly ListedImage[] | null {
  try {
    const listed: unknown = JSON.parse(readFileSync(join(hostFolder, 'criu/images.json'), 'utf8'));
    return Array.isArray(listed) && listed.every(isImage) ? listed : null;
  } catch {
    return null;
  }
}

function isImage(value: unknown): value is ListedImage {
  const { name, bytes } = (value ?? {}) as Partial<Record<string, unknown>>;
  return typeof name === 'string' && typeof bytes === 'number';
}

/** Of all of them, or of those of a kind. Null: none is there. */
export function bytesOfImages(images: readonly ListedImage[] | null, kind: RegExp = /./): number | null {
  const found = images?.filter(({ name }) => kind.test(name)) ?? [];
  return found.length === 0 ? null : found.reduce((sum, { bytes }) => sum + bytes, 0);
}
