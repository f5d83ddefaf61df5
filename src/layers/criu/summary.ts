import type { CriuEvidence, CriuLog } from './evidence.ts';
import { failureOf, type LogOutcome, outcomeOf } from './failure.ts';
import { gapCauseOf } from './gap-causes.ts';
import type { Gap } from './log-clock.ts';
import type { LogKind } from './phase.ts';
import type { PhaseNode } from './phase-tree.ts';
import { relationsOf } from './relations.ts';
import { missingDetail } from './verbosity.ts';

interface CriuPhase {
  readonly name: string;
  readonly startUs: number;
  readonly durationUs: number;
}

/** One log in short: what the commands print. */
export interface CriuLogSummary {
  readonly file: string;
  readonly kind: LogKind | null;
  readonly version: string | null;
  readonly lines: number;
  readonly outcome: LogOutcome;
  readonly durationUs: number | null;
  /** CRIU's own, one after another. */
  readonly phases: readonly CriuPhase[];
  readonly failure: {
    readonly phase: string | null;
    readonly line: number;
    readonly message: string;
    readonly cause: string | null;
    readonly hint: string | null;
    readonly source: string | null;
  } | null;
  /** The longest silences, and what CRIU does in them where that is known. */
  readonly gaps: readonly (Gap & { readonly what: string | null })[];
  /** What the log does not say for want of verbosity. */
  readonly missing: string | null;
  /** Rounds of a chain have a number; `null`: it is none. */
  readonly iteration: number | null;
  /** The log of the round before, or of the dump that is restored, and how that is known. */
  readonly follows: { readonly file: string; readonly means: string | null } | null;
  readonly statistics: Readonly<Record<string, number>> | null;
}

/** CRIU's own numbers of one host, under our names; `null`: unknown. */
export interface CriuSummary {
  readonly version: string | null;
  readonly freezingUs: number | null;
  readonly frozenUs: number | null;
  readonly memdumpUs: number | null;
  readonly memwriteUs: number | null;
  readonly pagesScanned: number | null;
  readonly pagesWritten: number | null;
  readonly restoreUs: number | null;
  readonly pagesRestored: number | null;
  readonly logs: readonly CriuLogSummary[];
}

export function criuSummary(evidence: CriuEvidence): CriuSummary {
  const value = (kind: 'dump' | 'restore', name: string): number | null =>
    evidence.logs.find(({ digest, statistics }) => digest.kind === kind && statistics !== null)?.statistics?.values[name] ?? null;
  return {
    version: evidence.logs.find(({ digest }) => digest.version !== null)?.digest.version ?? null,
    freezingUs: value('dump', 'freezing_time'),
    frozenUs: value('dump', 'frozen_time'),
    memdumpUs: value('dump', 'memdump_time'),
    memwriteUs: value('dump', 'memwrite_time'),
    pagesScanned: value('dump', 'pages_scanned'),
    pagesWritten: value('dump', 'pages_written'),
    restoreUs: value('restore', 'restore_time'),
    pagesRestored: value('restore', 'pages_restored'),
    logs: logSummaries(evidence),
  };
}

function logSummaries({ logs, parents }: CriuEvidence): readonly CriuLogSummary[] {
  const relations = relationsOf(logs, parents);
  return logs.map((log) => {
    const { iteration = null, parent = null, dump = null, means = null } = relations.get(log) ?? {};
    const other = parent ?? dump;
    return { ...summariseLog({ ...log, tree: log.tree() }), iteration, follows: other && { file: other.digest.file, means } };
  });
}

/** A log alone, without what others have to do with it. */
export function summariseLog({
  digest,
  statistics,
  tree,
}: Pick<CriuLog, 'digest' | 'statistics'> & { readonly tree: PhaseNode | null }): Omit<CriuLogSummary, 'iteration' | 'follows'> {
  const failure = failureOf(digest);
  return {
    ...{ file: digest.file, kind: digest.kind, version: digest.version, lines: digest.lines, outcome: outcomeOf(digest) },
    durationUs: tree === null ? null : digest.endUs,
    phases: (tree?.children ?? []).map(({ phase, startUs, endUs }) => ({
      name: phase.name,
      startUs,
      durationUs: endUs - startUs,
    })),
    failure: failure && {
      phase: deepestFailed(tree),
      ...{ line: failure.line, message: failure.message, cause: failure.cause, hint: failure.hint, source: failure.source },
    },
    gaps: digest.gaps.map((gap) => ({ ...gap, what: gapCauseOf(digest.kind, gap)?.what ?? null })),
    missing: missingDetail(digest),
    statistics: statistics?.values ?? null,
  };
}

function deepestFailed(tree: PhaseNode | null): string | null {
  let name: string | null = null;
  for (let node = tree ?? undefined; node?.error !== undefined; ) {
    name = node.phase.name;
    node = node.children.find((child) => child.error !== undefined);
  }
  return name;
}
