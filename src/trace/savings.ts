import { clip, type Interval, lengthNs, union } from './intervals.ts';
import { type SavingRule, savingRules } from './saving-rules.ts';
import type { Span, Trace } from './span.ts';
import { type Ns, nsToUs, type Us, usToNs } from './time.ts';
import { extentOf } from './work-tree.ts';

/** What one rule finds in a run. */
export interface Saving {
  readonly rule: SavingRule;
  /** At most so much less, of the downtime; of all of the trace where it has none. */
  readonly savingNs: Ns;
  /** What it is made of, the longest first: time within the window, before what would remain is taken off. */
  readonly found: readonly { readonly name: string; readonly ns: Ns }[];
}

/** Less than this is not worth a line. */
const leastNs = 1_000_000n;

/** What would shorten the downtime, by the closed list of rules; the largest first. Each stands by itself. */
export function savings(trace: Pick<Trace, 'spans' | 'downtime'>): readonly Saving[] {
  const strategy = trace.spans.find(({ name }) => name === 'migration')?.attributes['migration.strategy'];
  return savingRules
    .filter(({ only, notIn }) => (only === undefined || only.includes(String(strategy))) && !notIn?.includes(String(strategy)))
    .map((rule) => saving(rule, trace))
    .filter(({ savingNs }) => savingNs >= leastNs)
    .sort((a, b) => (a.savingNs > b.savingNs ? -1 : a.savingNs < b.savingNs ? 1 : 0));
}

function saving(rule: SavingRule, { spans, downtime }: Pick<Trace, 'spans' | 'downtime'>): Saving {
  const names = rule.operations.filter((name) => !hasParts(name, rule, spans));
  const perName = names.map((name) => ({ name, ...timeOf(name, { rule, spans, window: downtime }) }));
  const found = perName.filter(({ ns }) => ns > 0n).map(({ name, ns }) => ({ name, ns }));
  return {
    rule,
    savingNs: perName.reduce((sum, { savedNs }) => sum + savedNs, 0n),
    found: found.sort((a, b) => (a.ns > b.ns ? -1 : 1)),
  };
}

/** Of `criu.dump.freeze` and its part `criu.dump.freeze.cgroup` only the part counts, where the log has it. */
function hasParts(name: string, { operations }: SavingRule, spans: readonly Span[]): boolean {
  return operations.some((other) => other.startsWith(`${name}.`) && spans.some((span) => span.name === other));
}

interface Place {
  readonly rule: SavingRule;
  readonly spans: readonly Span[];
  /** Null: all of it counts. */
  readonly window: Interval | null;
}

function timeOf(name: string, { rule, spans, window }: Place): { readonly ns: Ns; readonly savedNs: Ns } {
  const of = spans.filter((span) => span.name === name && isMeant(span, rule));
  if (rule.usPerLine !== undefined) {
    const lines = of.reduce((sum, span) => sum + Number(span.attributes['criu.log.lines'] ?? 0), 0);
    const ns = usToNs(lines * rule.usPerLine);
    return { ns, savedNs: ns };
  }
  const inWindow = of
    .map(extentOf)
    .flatMap((extent) => (window === null || rule.isBeforeDowntime ? extent : clip([extent], window)));
  const long = inWindow.filter(({ startNs, endNs }) => nsToUs(endNs - startNs) >= (rule.fromUs ?? 0));
  const remainNs = usToNs(rule.remainsUs ?? 0) * BigInt(long.length);
  const ns = lengthNs(union(long)) + omittedNs(name, spans);
  return { ns, savedNs: wholeSteps(ns > remainNs ? ns - remainNs : 0n, rule.stepUs) };
}

function isMeant({ attributes, status }: Span, { having }: SavingRule): boolean {
  return status !== 'error' && (having === undefined || attributes[having.attribute] === having.value);
}

/** Of a large log, parts that are no spans: their parent tells their sum. */
function omittedNs(name: string, spans: readonly Span[]): Ns {
  return spans.reduce((sum, { attributes }) => sum + usToNs(Number(attributes[`${name}_us`] ?? 0) as Us), 0n);
}

function wholeSteps(ns: Ns, stepUs: Us | undefined): Ns {
  if (stepUs === undefined) return ns;
  return (ns / usToNs(stepUs)) * usToNs(stepUs);
}
