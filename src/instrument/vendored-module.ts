import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { TransshipError } from '../error.ts';

export interface VendoredModule {
  readonly version: string;
  /** `h1:…`, which binds every file of it. */
  readonly sum: string;
}

/**
 * What moby's `vendor.mod` and `vendor.sum` say of a module; they are written as go.mod and go.sum are (go.dev/ref/mod).
 * @throws TransshipError `not-ready`: they do not name it
 */
export function vendoredModule(tree: string, module: string): VendoredModule {
  const name = module.replaceAll('.', '\\.');
  const mod = textOf(join(tree, 'vendor.mod'));
  const version = new RegExp(`^\\s*(?:require\\s+)?${name}\\s+(v\\S+)`, 'm').exec(mod)?.[1];
  const isReplaced = new RegExp(`^\\s*(?:replace\\s+)?${name}(?:\\s+v\\S+)?\\s+=>`, 'm').test(mod);
  const escaped = version?.replaceAll(/[.+]/g, '\\$&');
  const sum = new RegExp(`^${name} ${escaped} (h1:\\S+)$`, 'm').exec(textOf(join(tree, 'vendor.sum')))?.[1];
  if (version !== undefined && sum !== undefined && !isReplaced) return { version, sum };
  const why =
    version === undefined
      ? 'vendor.mod does not name it'
      : isReplaced
        ? 'vendor.mod has another in its place'
        : 'vendor.sum has no sum of it';
  throw new TransshipError('not-ready', `${module}: ${why}`, 'a checkout of moby has it below vendor/: --tree DIR');
}

function textOf(file: string): string {
  return existsSync(file) ? readFileSync(file, 'utf8') : '';
}
