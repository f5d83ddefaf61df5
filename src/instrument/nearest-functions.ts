import { isBuilt } from './build-constraint.ts';
import { type GoFile, readGo } from './go-files.ts';
import { plainName } from './name-pattern.ts';
import type { PathRule } from './path-rule.ts';

/** A function that may be what a rule no longer finds. */
export interface Candidate {
  readonly file: string;
  readonly line: number;
  readonly package: string;
  readonly name: string;
  /** The same name elsewhere, or another name in the same package. */
  readonly why: 'moved' | 'renamed';
}

const mostCandidates = 3;

/** The nearest by name: the same one in another package or with another receiver, else those spelt alike in the rule's packages. */
export function nearestFunctions(rule: PathRule, files: readonly GoFile[]): readonly Candidate[] {
  const wanted = plainName(rule.function);
  const ranked = files
    .filter((file) => !file.isVendored)
    .flatMap((file) => declarationsIn(file).map((one) => ({ ...one, distance: distanceTo(rule, wanted, one) })))
    .filter(({ distance }) => distance !== null)
    .sort((a, b) => (a.distance ?? 0) - (b.distance ?? 0));
  return ranked
    .slice(0, mostCandidates)
    .map(({ distance, ...candidate }) => ({ ...candidate, why: (distance ?? 0) <= 1 ? 'moved' : 'renamed' }));
}

function declarationsIn(file: GoFile): readonly Candidate[] {
  const whole = readGo(file.path);
  if (!isBuilt(file.name, whole)) return [];
  return whole.split('\n').flatMap((text, index) => {
    const [, receiver, name] = /^func (?:\(\w*\s*(\*?\w+)[^)]*\) )?(\w+)[[(]/.exec(text) ?? [];
    if (name === undefined) return [];
    const called = receiver === undefined ? name : `(${receiver}).${name}`;
    return { file: file.path, line: index + 1, package: file.package, name: called, why: 'moved' as const };
  });
}

/** Smaller is nearer; null: not alike. Packages whose last words agree come first. */
function distanceTo(rule: PathRule, wanted: string, candidate: Candidate): number | null {
  const folder = candidate.package.split('/').at(-1) ?? '';
  const isNear = rule.packages.some((name) => name === candidate.package || name.split('/').at(-1) === folder);
  const name = plainName(candidate.name);
  if (name === wanted) return isNear ? 0 : 1;
  if (!rule.packages.includes(candidate.package)) return null;
  const edits = editDistance(name.toLowerCase(), wanted.toLowerCase());
  return edits <= wanted.length / 2 ? 1 + edits : null;
}

/** Levenshtein's, one row at a time. */
function editDistance(one: string, other: string): number {
  let row = Array.from({ length: other.length + 1 }, (_, index) => index);
  for (let i = 1; i <= one.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= other.length; j += 1) {
      const replaced = (row[j - 1] ?? 0) + (one[i - 1] === other[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row.at(-1) ?? 0;
}
