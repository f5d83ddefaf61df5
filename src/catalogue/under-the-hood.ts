import type { PathRule } from '../instrument/path-rule.ts';
import { pathRules } from '../instrument/path-rules.ts';
import { sourcePaths } from './explanation.ts';
import type { SourceFunction } from './source-path.ts';

/** The text of docs/under-the-hood.md. */
export function underTheHoodPage(): string {
  return [
    '# What happens between `docker checkpoint` and CRIU?',
    `    $ transship source fetch debian13 --to sources
    $ transship source scan sources --graph
    $ transship show RUN --explain runc.criu-swrk`,
    `Every function of the path, in the order of the calls, as \`transship source scan\` finds it in the sources of Debian 13 and of testing.
Files, receivers and lines move from version to version, names hardly do: the rules (\`src/instrument/path-*.ts\`) go by names. A line is
Debian 13's; what stands elsewhere in testing follows after "now".
Made by \`npm run docs:path\`; a test compares.`,
    table(['project', 'debian13', 'testing'], projectRows()),
    '## Checkpoint',
    table(['layer', 'span', 'function and file', 'what it does'], rowsOf('checkpoint')),
    '## Restore',
    table(['layer', 'span', 'function and file', 'what it does'], rowsOf('restore')),
    '## What has no span, and why',
    table(
      ['function', 'why'],
      pathRules.flatMap((rule) => (rule.noSpan === undefined ? [] : [[`\`${rule.function}\``, rule.noSpan]])),
    ),
  ]
    .join('\n\n')
    .concat('\n');
}

function projectRows(): readonly (readonly string[])[] {
  const plain = (project: string): string => project.replace(/\/v\d+$/, '');
  const sets = Object.values(sourcePaths).map(
    ({ versions }) => new Map(Object.entries(versions).map(([project, version]) => [plain(project), version])),
  );
  const projects = [...new Set(sets.flatMap((versions) => [...versions.keys()]))].sort();
  return projects.map((project) => [`\`${project}\``, ...sets.map((versions) => versions.get(project) ?? '')]);
}

function rowsOf(half: 'checkpoint' | 'restore'): readonly (readonly string[])[] {
  return pathRules
    .filter((rule) => rule.half === half || rule.half === 'both')
    .map((rule) => [rule.layer, rule.noSpan === undefined ? `\`${rule.name}\`` : '', placesOf(rule), rule.does]);
}

/** One place where the sets agree but for lines, else one for each. */
function placesOf(rule: PathRule): string {
  const places = Object.values(sourcePaths).flatMap(({ functions }) => functions.filter(({ name }) => name === rule.name));
  const [first, ...others] = places;
  if (first === undefined) return `\`${rule.function}\``;
  const differing = others.filter(({ function: name, file }) => name !== first.function || file !== first.file);
  return [placeText(first), ...differing.map((one) => `now ${placeText(one)}`)].join('; ');
}

function placeText({ function: name, file, line }: SourceFunction): string {
  return `\`${name}\` ${file.replace('github.com/', '')}:${line}`;
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}
