import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { TransshipError } from '../error.ts';
import { readGo } from './go-files.ts';
import type { PathRule } from './path-rule.ts';
import { type PathFunction, type Scan, scanSources } from './scan.ts';
import { codeName } from './scan-text.ts';
import { sideFile } from './side-file.ts';
import { firstMarkLine, marksAround, sideFileHead, sideFileName, withoutSpans } from './span-marks.ts';

/** A file as it is and as it shall be; null: it is not there. */
export interface FileChange {
  readonly path: string;
  readonly before: string | null;
  readonly after: string | null;
}

export interface Injection {
  /** Only what differs: none when the tree is instrumented already, just so. */
  readonly changes: readonly FileChange[];
  readonly spans: number;
  /** Functions of the path that get none, and why. */
  readonly without: readonly { readonly name: string; readonly place: string; readonly why: string }[];
}

/**
 * What is to be written so that every function of the path has a span. Lines keep their numbers: a span begins on the line of the `{`.
 * @throws TransshipError `input`: no Go, a rule that matches nothing, a tree instrumented by another version: nothing is to be written then
 */
export async function planInjection(
  folders: readonly string[],
  rules: readonly PathRule[],
  isPartial: boolean,
): Promise<Injection> {
  const scan = await scanSources(folders, rules);
  if (!isPartial) refuseMissed(scan);
  const isSpanned = ({ rule }: PathFunction): boolean => rule.noSpan === undefined;
  const changes = grouped(scan.functions.filter(isSpanned), ({ file }) => file.path).map(([path, functions]): FileChange => {
    const before = readGo(path);
    return { path, before, after: withSpans(withoutSpans(before), functions) };
  });
  const sides = grouped(changes, ({ path }) => dirname(path)).map(([folder, [first]]) => sideChange(folder, first as FileChange));
  const all = [...changes, ...sides];
  refuseOthersSpans(all);
  return {
    changes: all.filter(({ before, after }) => before !== after),
    spans: scan.functions.filter(isSpanned).length,
    without: scan.functions.filter((one) => !isSpanned(one)).map(spanless),
  };
}

/** What is to be written so that nothing of ours is left, to the byte. */
export function planRemoval(files: readonly string[]): readonly FileChange[] {
  return files.flatMap((path): FileChange[] => {
    const before = readGo(path);
    if (path.endsWith(`/${sideFileName}`)) return before.startsWith(sideFileHead) ? [{ path, before, after: null }] : [];
    const after = withoutSpans(before);
    return after === before ? [] : [{ path, before, after }];
  });
}

function grouped<T>(all: readonly T[], keyOf: (one: T) => string): readonly (readonly [string, readonly T[]])[] {
  const groups = new Map<string, T[]>();
  for (const one of all) groups.set(keyOf(one), [...(groups.get(keyOf(one)) ?? []), one]);
  return [...groups];
}

function withSpans(text: string, functions: readonly PathFunction[]): string {
  const places = [...functions].sort((a, b) => b.goFunction.bodyStart - a.goFunction.bodyStart);
  let spanned = text;
  for (const one of places) {
    const { bodyStart } = one.goFunction;
    spanned = spanned.slice(0, bodyStart) + marksAround(spanCode(one)) + spanned.slice(bodyStart);
  }
  return spanned;
}

function spanCode(one: PathFunction): string {
  const { rule, goFunction } = one;
  const words = [JSON.stringify(rule.name), JSON.stringify(codeName(one))];
  for (const [name, expression] of Object.entries(rule.attributes ?? {})) words.push(JSON.stringify(name), expression);
  const failed = goFunction.errorName === null ? '' : `&${goFunction.errorName}`;
  return `defer transshipSpan(${words.join(', ')})(${failed});`;
}

function sideChange(folder: string, { before }: FileChange): FileChange {
  const packageName = /^package\s+(\w+)/m.exec(before ?? '')?.[1] ?? '';
  const path = join(folder, sideFileName);
  return { path, before: existsSync(path) ? readGo(path) : null, after: sideFile(packageName) };
}

function refuseMissed({ missed, functions }: Scan): void {
  const [first] = missed;
  if (first === undefined) return;
  const { rule, candidates } = first;
  const near = candidates[0];
  const place = near === undefined ? (functions[0]?.file.path ?? rule.packages[0]) : `${near.file}:${near.line}`;
  const others = missed.length === 1 ? '' : `, and ${missed.length - 1} more rules`;
  const what = `${place}: the rule ${rule.name} matches nothing: no ${rule.function} in ${rule.packages.join(' or ')}${others}`;
  const hint =
    near === undefined ? 'transship source scan names them all' : `is it ${near.name} now? transship source scan names them all`;
  throw new TransshipError('input', what, `${hint}; --partial goes on without`);
}

/** A tree that we made otherwise (another version, other rules) is not mended but taken back first. */
function refuseOthersSpans(changes: readonly FileChange[]): void {
  const already = changes.filter(
    ({ path, before }) => before !== null && (path.endsWith(sideFileName) || firstMarkLine(before) !== null),
  );
  const differing = already.find(({ before, after }) => before !== after);
  if (differing !== undefined || (already.length > 0 && already.length < changes.length)) {
    const { path, before } = differing ?? (already[0] as FileChange);
    const what = `${path}:${firstMarkLine(before ?? '') ?? 1}: instrumented already, by another version or half`;
    throw new TransshipError('input', what, 'transship source instrument --remove DIR... takes that out first');
  }
}

function spanless(one: PathFunction): Injection['without'][number] {
  return { name: codeName(one), place: `${one.file.path}:${one.goFunction.line}`, why: one.rule.noSpan ?? '' };
}
