import type { Attributes } from '../trace/layer-spans.ts';
import { patternOf } from './names.ts';
import { type OperationEntry, operationCatalogue } from './operations.ts';
import { debian13Path } from './path-debian13.ts';
import { testingPath } from './path-testing.ts';
import type { SourceFunction, SourcePath } from './source-path.ts';

/** What is known of an operation: what it is, and where it stands in the sources of each version set that has it. */
export interface Explanation {
  readonly operation: OperationEntry;
  readonly places: readonly { readonly set: string; readonly version: string | null; readonly at: SourceFunction }[];
}

export const sourcePaths: Readonly<Record<string, SourcePath>> = { debian13: debian13Path, testing: testingPath };

/** @returns null when no span is called so */
export function explain(name: string, attributes: Attributes = {}): Explanation | null {
  const operation = operationCatalogue.find((entry) => patternOf(entry.name).test(name));
  if (operation === undefined) return null;
  const code = attributes['code.function.name'];
  const places = Object.entries(sourcePaths).flatMap(([set, { versions, functions }]) =>
    functions
      .filter((at) => at.name === name || (typeof code === 'string' && at.function.endsWith(code)))
      .map((at) => ({ set, version: versionOf(versions, at.file), at })),
  );
  return { operation, places };
}

/** Of the project that the file is in: the longest import path that it begins with. */
function versionOf(versions: SourcePath['versions'], file: string): string | null {
  const projects = Object.keys(versions).filter((project) => file.startsWith(`${project}/`));
  const [longest] = projects.sort((a, b) => b.length - a.length);
  return longest === undefined ? null : (versions[longest] ?? null);
}
