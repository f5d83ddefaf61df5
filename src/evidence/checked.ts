import { readFileSync } from 'node:fs';
import type { z } from 'zod';
import { TransshipError } from '../error.ts';

/** Whatever checks a value read from JSON: a schema. */
export type Schema<T> = Pick<z.ZodType<T>, 'safeParse'>;

export const damagedHint = 'the evidence is damaged; was the file edited?';

/**
 * The value, if it is what the schema says; else what is wrong with it, and where: `hosts.source.name: Invalid input: expected string, received
 * number`. Only the first thing is named, and how many more there are.
 */
export function checked<T>(schema: Schema<T>, value: unknown): { readonly value: T } | { readonly wrong: string } {
  const result = schema.safeParse(value);
  if (result.success) return { value: result.data };
  const [first] = result.error.issues;
  const more = result.error.issues.length - 1;
  const path = (first?.path ?? []).map((key) => (typeof key === 'number' ? `[${key}]` : `.${String(key)}`)).join('');
  return {
    wrong: `${path === '' ? '' : `${path.replace(/^\./, '')}: `}${first?.message ?? 'not as it should be'}${more > 0 ? ` (and ${more} more)` : ''}`,
  };
}

/**
 * A file that is one JSON document.
 * @throws TransshipError `input` with the file, and the path in the document, when it cannot be read, is no JSON or is not of the schema
 */
export function readDocument<T>(file: string, schema: Schema<T>, hint: string): T {
  let document: unknown;
  try {
    document = JSON.parse(readFileSync(file, 'utf8'));
  } catch (cause) {
    throw new TransshipError('input', `${file}: ${(cause as Error).message}`, hint, { cause });
  }
  const found = checked(schema, document);
  if ('value' in found) return found.value;
  throw new TransshipError('input', `${file}: ${found.wrong}`, hint);
}
