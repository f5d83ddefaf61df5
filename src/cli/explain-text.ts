import type { Explanation } from '../catalogue/explanation.ts';
import { explain } from '../catalogue/explanation.ts';
import { TransshipError } from '../error.ts';
import type { Span, Trace } from '../trace/span.ts';
import { formatNs } from '../trace/time.ts';

export interface ExplainedSpans extends Explanation {
  readonly spans: readonly Span[];
}

/**
 * What is known of the spans that are called so in the run: by the whole name, or its end, as the tree prints it.
 * @throws TransshipError `usage` when the run has none
 */
export function explainSpans(trace: Trace, asked: string): readonly ExplainedSpans[] {
  const spans = trace.spans.filter(({ name, spanId }) => name === asked || spanId === asked || name.endsWith(`.${asked}`));
  if (spans.length === 0) {
    const names = [...new Set(trace.spans.map(({ name }) => name))];
    const near = names.filter((name) => name.includes(asked)).slice(0, 5);
    const hint =
      near.length > 0 ? `such as ${near.join(', ')}` : 'transship show RUN --all names them; docs/spans.md has all there are';
    throw new TransshipError('usage', `--explain ${asked}: the run has no such span`, hint);
  }
  const byName = new Map<string, Span[]>();
  for (const span of spans) byName.set(span.name, [...(byName.get(span.name) ?? []), span]);
  return [...byName].flatMap(([name, own]) => {
    const explained = explain(name, own[0]?.attributes);
    return explained === null ? [] : { ...explained, spans: own };
  });
}

export function explanationText(explained: readonly ExplainedSpans[]): string {
  return explained.map(oneText).join('\n\n');
}

function oneText({ operation, places, spans }: ExplainedSpans): string {
  const [first] = spans;
  const total = spans.reduce((sum, { durationNs }) => sum + durationNs, 0n);
  const hosts = [...new Set(spans.map(({ host }) => host))].join(', ');
  return [
    `${first?.name ?? operation.name} (${first?.service ?? operation.service}): ${operation.meaning}`,
    `  source    ${operation.source}`,
    ...places.map(
      ({ set, version, at }) =>
        `  ${set.padEnd(8)}  ${at.file}:${at.line} ${at.function}${version === null ? '' : ` (${version})`}`,
    ),
    `  here      ${spans.length} on ${hosts}, ${formatNs(total)} in all${operation.isWait ? '; it waits for what is below it' : ''}`,
  ].join('\n');
}
