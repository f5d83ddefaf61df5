import type { Span, Trace } from '../src/trace/span.ts';
import { explainingSpans, isOnlooker } from '../src/trace/trace-leaves.ts';

/** What tells why a leaf takes its time: how many bytes went by, what is waited for, or the rule that says what happens there. */
const telling = ['migration.bytes', 'migration.detail.bytes', 'migration.cause', 'migration.inferred.reason'];

/** A rule that says who is at work, and not at what. */
const sayNothing = new Set(['function.own']);

/**
 * Leaves that take more than a tenth of the downtime, of themselves only what lies in it, and tell neither bytes nor a cause: the name of a
 * function is none. One word each, with its share, for the message of a test.
 */
export function untoldLeaves(trace: Trace): readonly string[] {
  const { startNs, endNs } = trace.downtime ?? { startNs: 0n, endNs: 0n };
  return explainingSpans(trace).flatMap((span) => {
    const from = span.startNs > startNs ? span.startNs : startNs;
    const to = span.startNs + span.durationNs < endNs ? span.startNs + span.durationNs : endNs;
    if (isOnlooker(span) || (to - from) * 10n <= endNs - startNs || isTold(span)) return [];
    return [`${span.name} on ${span.host}: ${Number(((to - from) * 1000n) / (endNs - startNs)) / 10} % of the downtime`];
  });
}

function isTold({ name, attributes }: Span): boolean {
  return !sayNothing.has(name) && telling.some((attribute) => Boolean(attributes[attribute]));
}
