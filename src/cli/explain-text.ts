import type { Explanation } from '../catalogue/explanation.ts';
import { explain, sourcePaths } from '../catalogue/explanation.ts';
import { operationCatalogue } from '../catalogue/operations.ts';
import { TransshipError } from '../error.ts';
import { type PathLayer, programOf } from '../instrument/path-rule.ts';
import type { Span, Trace } from '../trace/span.ts';
import { formatNs } from '../trace/time.ts';

export interface ExplainedSpans extends Explanation {
  /** None where the run has none by that name. */
  readonly spans: readonly Span[];
  /** Of those that it has of the same service, the names of the longest. */
  readonly instead: readonly string[];
}

/**
 * What is known of the spans that are called so: by the whole name, or its end, as the tree prints it; in the run, or, where it has none, at all.
 * @throws TransshipError `usage` when no span is called so
 */
export function explainSpans(trace: Trace, asked: string): readonly ExplainedSpans[] {
  const spans = trace.spans.filter(({ name, spanId }) => name === asked || spanId === asked || name.endsWith(`.${asked}`));
  if (spans.length === 0) {
    const absent = absentSpans(trace, asked);
    if (absent.length > 0) return absent;
    const names = [...new Set(trace.spans.map(({ name }) => name))];
    const near = names.filter((name) => name.includes(asked)).slice(0, 5);
    const hint =
      near.length > 0 ? `such as ${near.join(', ')}` : 'transship show RUN --all names them; docs/spans.md has all there are';
    throw new TransshipError('usage', `--explain ${asked}: no span is called so`, hint);
  }
  const byName = new Map<string, Span[]>();
  for (const span of spans) byName.set(span.name, [...(byName.get(span.name) ?? []), span]);
  return [...byName].flatMap(([name, own]) => {
    const explained = explain(name, own[0]?.attributes);
    return explained === null ? [] : { ...explained, spans: own, instead: [] };
  });
}

/** What runs have by that name, and this one has not. */
function absentSpans(trace: Trace, asked: string): readonly ExplainedSpans[] {
  const entries = operationCatalogue.filter(({ name }) => name === asked || name.endsWith(`.${asked}`));
  const names = [...new Set(entries.map(({ name }) => name))];
  return names.flatMap((name) => {
    const explained = explain(name);
    return explained === null ? [] : { ...explained, spans: [], instead: longestOf(trace, explained.operation.service) };
  });
}

function longestOf({ spans }: Trace, service: string): readonly string[] {
  const sums = new Map<string, bigint>();
  for (const span of spans.filter((each) => each.service === service))
    sums.set(span.name, (sums.get(span.name) ?? 0n) + span.durationNs);
  return [...sums]
    .sort(([, a], [, b]) => Number(b - a))
    .slice(0, 5)
    .map(([name]) => name);
}

export function explanationText(explained: readonly ExplainedSpans[]): string {
  return explained.map(oneText).join('\n\n');
}

function oneText(one: ExplainedSpans): string {
  const { operation, places, spans } = one;
  return [
    `${spans[0]?.name ?? operation.name} (${spans[0]?.service ?? operation.service}): ${operation.meaning}`,
    `  source    ${operation.source}`,
    ...places.map(
      ({ set, version, at }) =>
        `  ${set.padEnd(8)}  ${at.file}:${at.line} ${at.function}${version === null ? '' : ` (${version})`}`,
    ),
    ...(spans.length === 0 ? absenceText(one) : [presenceText(one)]),
  ].join('\n');
}

function presenceText({ operation, spans }: ExplainedSpans): string {
  const total = spans.reduce((sum, { durationNs }) => sum + durationNs, 0n);
  const hosts = [...new Set(spans.map(({ host }) => host))].join(', ');
  return `  here      ${spans.length} on ${hosts}, ${formatNs(total)} in all${operation.isWait ? '; it waits for what is below it' : ''}`;
}

function absenceText({ operation, instead }: ExplainedSpans): readonly string[] {
  const layer = layerOf(operation.name);
  const others = instead.length === 0 ? 'nothing either' : `${instead.join(', ')} (transship show RUN --all)`;
  return [
    layer === null
      ? '  here      none: this run has no evidence of it'
      : `  here      none: only a program that tells of its own functions has it, and the ${programOf[layer]} of this run did not`,
    ...(layer === null
      ? []
      : [`  to see it  ${installText(layer)} before the move; or, between test hosts: transship migrate --probes uprobe`]),
    `  instead   of ${operation.service}: ${others}`,
  ];
}

/** The layer whose source has the function of that span; null: it is no function of Docker's path. */
function layerOf(name: string): PathLayer | null {
  const functions = Object.values(sourcePaths).flatMap((path) => path.functions);
  return functions.find((one) => one.name === name)?.layer ?? null;
}

function installText(layer: PathLayer): string {
  const program = programOf[layer];
  const isDaemon = program === 'dockerd' || program === 'containerd';
  return `transship source install HOST${isDaemon ? ` --only ${program}, its restart,` : ''}`;
}
