import { lengthNs, union } from './intervals.ts';
import type { Span, Trace } from './span.ts';
import type { Ns } from './time.ts';
import { extentOf } from './work-tree.ts';

/**
 * How long each operation went on in a run, by name: spans of one name together, and a moment in which two of them went on counts once.
 * So a phase that comes once for each of a hundred tasks is one figure, and two runs can be compared.
 */
export function operationTimes(trace: Pick<Trace, 'spans'>): ReadonlyMap<string, Ns> {
  const byName = new Map<string, Span[]>();
  for (const span of trace.spans) {
    const known = byName.get(span.name);
    if (known === undefined) byName.set(span.name, [span]);
    else known.push(span);
  }
  return new Map([...byName].map(([name, spans]) => [name, lengthNs(union(spans.map(extentOf)))]));
}
