import type { PathPart } from './critical-path.ts';
import { clip, lengthNs, union } from './intervals.ts';
import { type SavingRule, savingRules } from './saving-rules.ts';
import type { Span, Trace } from './span.ts';
import { type Ns, nsToUs, type Us, usToNs } from './time.ts';
import { unexplainedName } from './trace-leaves.ts';
import { extentOf } from './work-tree.ts';

/** What one rule finds in a run. */
export interface Saving {
  readonly rule: SavingRule;
  /** At most so much less, of the downtime; of all of the trace where it has none. */
  readonly savingNs: Ns;
  /** What it is made of, the longest first: time that it had of the critical path, before what would remain is taken off. */
  readonly found: readonly { readonly name: string; readonly ns: Ns }[];
}

/** Less than this is not worth a line. */
const leastNs = 1_000_000n;

/**
 * What would shorten the downtime, by the closed list of rules; the largest first. Each stands by itself. Only time on the critical path can be
 * saved: what went on beside something longer costs nothing.
 */
export function savings({ spans }: Pick<Trace, 'spans'>, path: readonly PathPart[]): readonly Saving[] {
  const strategy = String(spans.find(({ name }) => name === 'migration')?.attributes['migration.strategy']);
  const place = { spans, path: withCallers(spans, path) };
  return savingRules
    .filter(({ only, notIn }) => (only === undefined || only.includes(strategy)) && !notIn?.includes(strategy))
    .map((rule) => saving(rule, place))
    .filter(({ savingNs }) => savingNs >= leastNs)
    .sort((a, b) => (a.savingNs > b.savingNs ? -1 : a.savingNs < b.savingNs ? 1 : 0));
}

interface Place {
  readonly spans: readonly Span[];
  readonly path: readonly (PathPart & { readonly callers: ReadonlySet<string> })[];
}

/** Each part with the ids of its span and of all that it lies in. */
function withCallers(spans: readonly Span[], path: readonly PathPart[]): Place['path'] {
  const byId = new Map(spans.map((span) => [span.spanId, span]));
  return path.map((part) => {
    const callers = new Set<string>();
    for (let at: Span | undefined = part.span; at !== undefined && !callers.has(at.spanId); at = byId.get(at.parentSpanId ?? ''))
      callers.add(at.spanId);
    return { ...part, callers };
  });
}

function saving(rule: SavingRule, place: Place): Saving {
  const names = rule.operations.filter((name) => !hasParts(name, rule, place));
  const perName = names.map((name) => ({ name, ...timeOf(name, rule, place) })).filter(({ ns }) => ns > 0n);
  return {
    rule,
    savingNs: perName.reduce((sum, { savedNs }) => sum + savedNs, 0n),
    found: perName.map(({ name, ns }) => ({ name, ns })).sort((a, b) => (a.ns > b.ns ? -1 : 1)),
  };
}

/** Of `criu.dump.freeze` and its part `criu.dump.freeze.cgroup` only the part counts, where the log has it. */
function hasParts(name: string, { operations }: SavingRule, { spans }: Place): boolean {
  return operations.some((other) => other.startsWith(`${name}.`) && spans.some((span) => span.name === other));
}

function timeOf(name: string, rule: SavingRule, place: Place): { readonly ns: Ns; readonly savedNs: Ns } {
  const meant = place.spans.filter((span) => span.name === name && isMeant(span, rule));
  if (rule.usPerLine !== undefined) {
    const lines = meant.reduce((sum, span) => sum + Number(span.attributes['criu.log.lines'] ?? 0), 0);
    const ns = usToNs(lines * rule.usPerLine);
    return { ns, savedNs: ns };
  }
  const had = meant.map((span) => (rule.isBeforeDowntime ? span.durationNs : onPathNs(span, place)));
  const remainNs = usToNs(rule.remainsUs ?? 0);
  const omitted = omittedNs(name, place);
  return {
    ns: had.reduce((sum, ns) => sum + ns, omitted),
    savedNs: had.reduce((sum, ns) => sum + wholeSteps(ns > remainNs ? ns - remainNs : 0n, rule.stepUs), omitted),
  };
}

function isMeant({ attributes, status, durationNs }: Span, { having, fromUs = 0 }: SavingRule): boolean {
  const hasAttribute = having === undefined || attributes[having.attribute] === having.value;
  return status !== 'error' && hasAttribute && nsToUs(durationNs) >= fromUs;
}

/** What the path gives to the span, and what of its own time is unexplained there: at its edges that is the error of its clock. */
function onPathNs(span: Span, { path }: Place): Ns {
  const parts = path.filter((part) => part.callers.has(span.spanId) || part.span.name === unexplainedName);
  return lengthNs(clip(union(parts), extentOf(span)));
}

/** Of a large log, parts that are no spans: their parent tells their sum. */
function omittedNs(name: string, place: Place): Ns {
  return place.spans.reduce((sum, span) => {
    const us = Number(span.attributes[`${name}_us`] ?? 0) as Us;
    const atMost = us === 0 ? 0n : onPathNs(span, place);
    return sum + (usToNs(us) < atMost ? usToNs(us) : atMost);
  }, 0n);
}

function wholeSteps(ns: Ns, stepUs: Us | undefined): Ns {
  if (stepUs === undefined) return ns;
  return (ns / usToNs(stepUs)) * usToNs(stepUs);
}
