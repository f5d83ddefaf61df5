import { TransshipError } from '../error.ts';
import { isBuilt } from './build-constraint.ts';
import { type GoFile, goFilesIn, readGo } from './go-files.ts';
import { callsIn, functionsIn, type GoFunction } from './go-functions.ts';
import { type GoParse, goParser } from './go-parser.ts';
import { matchesName, plainName } from './name-pattern.ts';
import { type Candidate, nearestFunctions } from './nearest-functions.ts';
import type { PathCall, PathRule } from './path-rule.ts';
import { withoutSpans } from './span-marks.ts';

/** A function of the path, where it stands in the source. */
export interface PathFunction {
  readonly rule: PathRule;
  readonly file: GoFile;
  readonly goFunction: GoFunction;
}

export interface FoundCall {
  readonly from: string;
  readonly to: string;
  readonly via: PathCall['via'];
  /** Line in the caller's file; null: the caller no longer calls it by that name. */
  readonly line: number | null;
}

export interface MissedRule {
  readonly rule: PathRule;
  readonly candidates: readonly Candidate[];
}

export interface Scan {
  readonly files: readonly GoFile[];
  readonly functions: readonly PathFunction[];
  readonly calls: readonly FoundCall[];
  /** Rules of projects that are there, which match nothing in them. */
  readonly missed: readonly MissedRule[];
}

/**
 * Finds the path in the sources; of a project that is not there, what another vendors of it. Only packages that a rule names are parsed.
 * @throws TransshipError `input`: no Go file, none of the path's projects, or a file that is no Go (with its line)
 */
export async function scanSources(folders: readonly string[], rules: readonly PathRule[]): Promise<Scan> {
  const files = goFilesIn(folders);
  const projects = new Set(files.filter((file) => !file.isVendored).map((file) => projectOf(file.package)));
  const vendored = new Set(files.filter((file) => file.isVendored).map((file) => file.package));
  const isOwn = (rule: PathRule): boolean => rule.packages.some((name) => projects.has(projectOf(name)));
  const applicable = rules.filter((rule) => isOwn(rule) || rule.packages.some((name) => vendored.has(name)));
  if (!applicable.some(isOwn))
    throw new TransshipError(
      'input',
      `${folders.join(', ')}: no project of the path is there`,
      'a checkout of moby, containerd, runc or go-runc, or what transship source fetch printed',
    );
  const functions = findFunctions(files, applicable, await goParser());
  const found = new Set(functions.map(({ rule }) => rule));
  const missed = applicable.filter((rule) => isOwn(rule) && !found.has(rule) && rule.isOptional !== true);
  return {
    files,
    functions,
    calls: functions.flatMap((caller) => callsOf(caller, applicable, found)),
    missed: missed.map((rule) => ({ rule, candidates: nearestFunctions(rule, files) })),
  };
}

/** `github.com/OWNER/NAME`; versions of a module are one project. */
function projectOf(importPath: string): string {
  return importPath.split('/').slice(0, 3).join('/');
}

function findFunctions(files: readonly GoFile[], rules: readonly PathRule[], parse: GoParse): readonly PathFunction[] {
  const found = files.flatMap((file) => {
    const wanted = rules.filter((rule) => rule.packages.includes(file.package));
    if (wanted.length === 0) return [];
    const text = withoutSpans(readGo(file.path));
    if (!isBuilt(file.name, text)) return [];
    return functionsIn(parse(text, file.path)).flatMap((goFunction) =>
      wanted
        .filter((rule) => matchesName(rule.functionIn?.[file.package] ?? rule.function, goFunction.name))
        .map((rule) => ({ rule, file, goFunction })),
    );
  });
  const own = new Set(found.filter(({ file }) => !file.isVendored).map(({ rule }) => rule));
  const kept = found.filter(({ rule, file }) => !file.isVendored || !own.has(rule));
  return kept.sort((a, b) => rules.indexOf(a.rule) - rules.indexOf(b.rule));
}

function callsOf(
  { rule, goFunction }: PathFunction,
  rules: readonly PathRule[],
  found: ReadonlySet<PathRule>,
): readonly FoundCall[] {
  const calls = callsIn(goFunction.node);
  return (rule.calls ?? []).flatMap(({ to, via, as }) => {
    const target = rules.find(({ name }) => name === to);
    if (to !== 'criu' && (target === undefined || !found.has(target))) return []; // another project's, or missed and told as that
    const called = as ?? plainName(target?.function ?? to);
    return { from: rule.name, to, via, line: calls.get(called) ?? null };
  });
}
