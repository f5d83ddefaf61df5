import { firstCharacters } from './line-filter.ts';
import type { Mark } from './log-digest.ts';
import type { Phase } from './phase.ts';

/** A phase as it was found in a log. Children lie within it, one after another but for the tracks of a restore. */
export interface PhaseNode {
  readonly phase: Phase;
  readonly startUs: number;
  endUs: number;
  /** The line it begins with; 0: CRIU's zero. */
  readonly line: number;
  /** The line that ends it; Infinity: the log has none. */
  endLine: number;
  readonly groups: Readonly<Record<string, string>>;
  children: PhaseNode[];
  /** The restored task's pid, for a track. */
  readonly lane: number | null;
  /** Lengths of children that were left out, by name. */
  omittedUs?: Readonly<Record<string, number>>;
  error?: string;
}

interface Span {
  readonly startUs: number;
  readonly endUs: number;
  readonly line: number;
  readonly lane: number | null;
}

/**
 * Turns marks, sorted by time, into the phases of one track: each runs until a sibling or an elder begins.
 * One line may begin a phase and its first part.
 */
export function growPhases(table: readonly Phase[], marks: readonly Mark[], { startUs, endUs, line, lane }: Span): PhaseNode[] {
  const root = newNode({ name: '' } as Phase, { us: startUs, line }, lane);
  const open: PhaseNode[] = [root];
  const begin = (phase: Phase, mark: { us: number; line: number }, groups: Record<string, string>) => {
    while ((open.at(-1) as PhaseNode).phase.name !== (phase.within ?? '')) close(open, mark);
    const node = newNode(phase, mark, lane, groups);
    (open.at(-1) as PhaseNode).children.push(node);
    open.push(node);
  };
  const rows = table.map((phase) =>
    phase.within !== undefined && !table.some(({ name }) => name === phase.within) ? { ...phase, within: '' } : phase,
  );
  for (const phase of rows) if (phase.begins === null) begin(phase, { us: startUs, line }, {});
  const lastOf = lastMarks(rows, marks);
  const rowsOf = rowsByCharacter(rows);
  for (const mark of marks) {
    for (const phase of rowsOf[mark.text.charCodeAt(0)] ?? rows) {
      const match = phase.begins?.exec(mark.text);
      if (match && canBegin(phase, open) && (!phase.isLast || lastOf.get(phase) === mark))
        begin(phase, mark, { ...match.groups });
    }
  }
  while (open.length > 0) close(open, { us: endUs, line: Number.POSITIVE_INFINITY });
  return root.children.filter((node) => node.phase.begins !== null || node.endUs > node.startUs);
}

/** Which rows a text can begin, by its first character: a log has a hundred thousand marks, and a table forty rows. */
function rowsByCharacter(rows: readonly Phase[]): readonly (readonly Phase[])[] {
  const firsts = rows.map(({ begins }) => (begins === null ? null : charactersOf(begins)));
  return Array.from({ length: 256 }, (_, code) => rows.filter((_row, index) => firsts[index]?.[code]));
}

const known = new WeakMap<RegExp, readonly boolean[]>();

function charactersOf(pattern: RegExp): readonly boolean[] {
  const before = known.get(pattern);
  if (before !== undefined) return before;
  const found = firstCharacters(pattern);
  known.set(pattern, found);
  return found;
}

function canBegin(phase: Phase, open: readonly PhaseNode[]): boolean {
  const depth = open.findIndex((node) => node.phase.name === (phase.within ?? ''));
  if (depth < 0) return false;
  const siblings = (open[depth] as PhaseNode).children;
  if (phase.after !== undefined && !siblings.some((node) => node.phase.name === phase.after)) return false;
  if (phase.isRepeated) return true;
  if (phase.isResumed) return open[depth + 1]?.phase !== phase;
  return !siblings.some((node) => node.phase === phase);
}

function lastMarks(rows: readonly Phase[], marks: readonly Mark[]): Map<Phase, Mark | undefined> {
  return new Map(
    rows.filter((phase) => phase.isLast).map((phase) => [phase, marks.findLast((mark) => phase.begins?.test(mark.text))]),
  );
}

function close(open: PhaseNode[], { us, line }: { us: number; line: number }): void {
  const node = open.pop() as PhaseNode;
  node.endLine = line;
  node.endUs = Math.max(us, node.startUs);
}

export function newNode(
  phase: Phase,
  { us, line }: { us: number; line: number },
  lane: number | null,
  groups: Readonly<Record<string, string>> = {},
): PhaseNode {
  return { phase, startUs: us, endUs: us, line, endLine: Number.POSITIVE_INFINITY, groups, children: [], lane };
}
