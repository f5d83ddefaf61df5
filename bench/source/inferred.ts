import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { loadTrace } from '../../src/cli/load-trace.ts';
import type { RunFolder } from '../../src/evidence/run-folder.ts';
import type { Span, Trace } from '../../src/trace/span.ts';
import { nsToUs } from '../../src/trace/time.ts';
import { type Edge, inferredRules } from './inferred-rules.ts';

/** What a rule said of a stretch without the instrumented programs, and what those say of it. */
export interface Comparison {
  readonly name: string;
  /** What the rule had to go by. */
  readonly evidence: EvidenceLevel;
  readonly ruleMs: number;
  readonly shownMs: number;
  /** Microseconds by which its begin and its end lie off. */
  readonly offUs: readonly [number, number];
}

/** Evidence of a host that is left away: what remains is what a host without it would have. */
const levels = {
  'all but the binaries': [/^source\.jsonl$/],
  'logs and file times': [/^source\.jsonl$/, /^otlp\.jsonl$/, /^kernel\.trace$/, /^wrap\.jsonl$/],
} as const;
export type EvidenceLevel = keyof typeof levels;

/** Every stretch of the run that a rule names, against the functions that did it. */
export function comparisonsOf(folder: RunFolder, shown: Trace): readonly Comparison[] {
  return (Object.keys(levels) as EvidenceLevel[]).flatMap((evidence) => {
    const trace = traceWithout(folder, evidence);
    return inferredRules.flatMap(({ name, from, to, which }) => {
      const stretches = trace.spans.filter((span) => span.name === name && (which === undefined || which(span, trace)));
      return stretches.flatMap((span): Comparison[] => {
        const startNs = momentOf(from, span, shown);
        const endNs = momentOf(to, span, shown);
        if (startNs === null || endNs === null || endNs <= startNs) return [];
        const ruleEndNs = span.startNs + span.durationNs;
        return [
          {
            ...{ name, evidence, ruleMs: nsToUs(span.durationNs) / 1e3, shownMs: nsToUs(endNs - startNs) / 1e3 },
            offUs: [signedUs(span.startNs - startNs), signedUs(ruleEndNs - endNs)],
          },
        ];
      });
    });
  });
}

/** The trace as it would be on hosts that leave less: made anew, in a copy. */
function traceWithout(folder: RunFolder, evidence: EvidenceLevel): Trace {
  const copy = mkdtempSync(join(tmpdir(), 'transship-without-'));
  try {
    cpSync(folder.path, copy, {
      recursive: true,
      filter: (path) => basename(path) !== 'trace.otlp.jsonl' && !levels[evidence].some((left) => left.test(basename(path))),
    });
    return loadTrace({ run: folder.run, path: copy });
  } finally {
    rmSync(copy, { recursive: true });
  }
}

/** On the stretch's own host, that which is nearest to the stretch: a function may be called again. */
function momentOf({ span, program, edge }: Edge, stretch: Span, { spans }: Trace): bigint | null {
  const found = spans.filter(
    (each) => each.name === span && roleOf(each) === roleOf(stretch) && (program === undefined || each.service === program),
  );
  const moments = found.map((each) => (edge === 'begin' ? each.startNs : each.startNs + each.durationNs));
  const middle = stretch.startNs + stretch.durationNs / 2n;
  return [...moments].sort((one, other) => (distance(one, middle) < distance(other, middle) ? -1 : 1))[0] ?? null;
}

function roleOf({ attributes }: Span): unknown {
  return attributes['migration.role'];
}

function distance(a: bigint, b: bigint): bigint {
  return a > b ? a - b : b - a;
}

function signedUs(ns: bigint): number {
  return Math.round(Number(ns) / 1e3);
}
