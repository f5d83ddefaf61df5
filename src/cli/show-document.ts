import { blame } from '../trace/blame.ts';
import { criticalPath } from '../trace/critical-path.ts';
import type { AttributeValue } from '../trace/layer-spans.ts';
import { savings } from '../trace/savings.ts';
import type { Span, Trace } from '../trace/span.ts';

/** `--format json`: the fields of the contract, nanoseconds as decimal strings. */
export function showDocument(trace: Trace): object {
  return {
    schema: 'transship.show/1',
    run: trace.run,
    spans: trace.spans.map(spanDocument),
    services: [...new Set(trace.spans.map((span) => span.service))],
    explained: trace.explained,
    explainedAtLeast: trace.explainedAtLeast,
    explainedRun: trace.explainedRun,
    clock: trace.clock && { offsetNs: String(trace.clock.offsetNs), boundNs: String(trace.clock.boundNs) },
    ...pathDocument(trace),
  };
}

/** The critical path by the ids of its spans, who had it, and what would shorten it. */
function pathDocument(trace: Trace): object {
  const path = criticalPath(trace);
  const { layers, operations } = blame(trace, path);
  return {
    criticalPath: path.map(({ span, startNs, endNs }) => ({
      spanId: span.spanId,
      name: span.name,
      startNs: String(startNs),
      durationNs: String(endNs - startNs),
    })),
    blame: {
      layers: layers.map(({ layer, byPhase, sumNs }) => ({
        layer,
        durationNs: String(sumNs),
        phases: Object.fromEntries([...byPhase].map(([phase, ns]) => [phase, String(ns)])),
      })),
      operations: operations.map(({ name, layer, sumNs }) => ({ name, layer, durationNs: String(sumNs) })),
    },
    savings: savings(trace, path).map(({ rule, savingNs, found }) => ({
      rule: rule.name,
      savingNs: String(savingNs),
      advice: rule.advice,
      source: rule.source,
      operations: found.map(({ name, ns }) => ({ name, durationNs: String(ns) })),
    })),
  };
}

function spanDocument(span: Span): object {
  return {
    traceId: span.traceId,
    spanId: span.spanId,
    parentSpanId: span.parentSpanId ?? null,
    service: span.service,
    host: span.host,
    name: span.name,
    startNs: String(span.startNs),
    durationNs: String(span.durationNs),
    status: span.status,
    attributes: plain(span.attributes),
    events: span.events.map(({ name, timeNs, attributes }) => ({ name, timeNs: String(timeNs), attributes: plain(attributes) })),
  };
}

function plain(attributes: Readonly<Record<string, AttributeValue>>): object {
  return Object.fromEntries(
    Object.entries(attributes).map(([name, value]) => [name, typeof value === 'bigint' ? String(value) : value]),
  );
}
