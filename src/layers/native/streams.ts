import type { NativeEvidence, NativeSpan } from './evidence.ts';
import { operationOf } from './operations.ts';

/**
 * A client that does not read its stream to the end has a span that lasts until the stream is given up or the connection closes: seconds
 * after the last byte (containerd content/proxy remoteReaderAt, content writer). Such a span is cut to the end of the server's span, which is
 * its own child, and fails only if that one did. Where the server left none, a span without an error keeps its own end; one with an error was
 * given up at a time that tells nothing, and is left out.
 *
 *   client  ├──────────────╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌┤   →  ├──────────────┤
 *   server    ├────────────┤
 */
export function withStreamsCut(evidence: NativeEvidence): NativeEvidence {
  const served = new Map<string, NativeSpan>();
  for (const span of evidence.spans) if (span.kind === 'server' && span.parentSpanId) served.set(span.parentSpanId, span);
  const spans = evidence.spans.flatMap((span) => {
    if (span.kind !== 'client' || operationOf(span)?.isStream !== true) return span;
    const server = served.get(span.spanId);
    if (server === undefined) return span.error === undefined ? span : [];
    return { ...span, endNs: server.endNs < span.endNs ? server.endNs : span.endNs, error: server.error };
  });
  return { ...evidence, spans };
}
