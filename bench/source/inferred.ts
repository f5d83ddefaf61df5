import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { loadTrace } from '../../src/cli/load-trace.ts';
import type { RunFolder } from '../../src/evidence/run-folder.ts';
import { clip, lengthNs, union } from '../../src/trace/intervals.ts';
import type { Span, Trace } from '../../src/trace/span.ts';
import { nsToUs } from '../../src/trace/time.ts';
import { explainingSpans } from '../../src/trace/trace-leaves.ts';
import { extentOf } from '../../src/trace/work-tree.ts';
import { type Edge, inferredRules, ownerRules } from './inferred-rules.ts';

/** What a rule said of a stretch without the instrumented programs, and what those say of it. */
export interface Comparison {
  readonly name: string;
  /** What the rule had to go by. */
  readonly evidence: EvidenceLevel;
  readonly ruleMs: number;
  readonly shownMs: number;
  readonly isByFileTime: boolean;
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
    return inferredRules.flatMap(({ name, from, to, which, isByFileTime = false }) => {
      const stretches = trace.spans.filter((span) => span.name === name && (which === undefined || which(span, trace)));
      return stretches.flatMap((span): Comparison[] => {
        const startNs = momentOf(from, span, shown);
        const endNs = momentOf(to, span, shown);
        if (startNs === null || endNs === null || endNs <= startNs) return [];
        const ruleEndNs = span.startNs + span.durationNs;
        return [
          {
            ...{ name, evidence, isByFileTime, ruleMs: nsToUs(span.durationNs) / 1e3, shownMs: nsToUs(endNs - startNs) / 1e3 },
            offUs: [signedUs(span.startNs - startNs), signedUs(ruleEndNs - endNs)],
          },
        ];
      });
    });
  });
}

export interface Ownership {
  readonly name: string;
  readonly evidence: EvidenceLevel;
  readonly ruleMs: number;
  /** Of that, in which the programs say that it was theirs. */
  readonly ownMs: number;
}

/** Stretches that a rule gives to a program, against who was at work then. */
export function ownershipsOf(folder: RunFolder, shown: Trace): readonly Ownership[] {
  const leaves = explainingSpans(shown);
  return (Object.keys(levels) as EvidenceLevel[]).flatMap((evidence) => {
    const trace = traceWithout(folder, evidence);
    return ownerRules.flatMap(({ name, isOwn }): Ownership[] => {
      const stretches = trace.spans.filter((span) => span.name === name).map(extentOf);
      const own = union(leaves.filter(isOwn).map(extentOf));
      const ownNs = stretches.reduce((sum, stretch) => sum + lengthNs(clip(own, stretch)), 0n);
      const ruleMs = nsToUs(lengthNs(union(stretches))) / 1e3;
      return ruleMs === 0 ? [] : [{ name, evidence, ruleMs, ownMs: nsToUs(ownNs) / 1e3 }];
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
