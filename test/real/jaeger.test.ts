import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { loadTrace } from '../../src/cli/load-trace.ts';
import { listRuns } from '../../src/evidence/open-run.ts';
import { jaegerJson } from '../../src/export/jaeger-json.ts';
import { sendJaeger } from '../../src/export/send-jaeger.ts';
import { sendOtlp } from '../../src/export/send-otlp.ts';
import type { Trace } from '../../src/trace/span.ts';
import { handMadeTrace } from '../hand-made-trace.ts';
import { buildJaeger, type JaegerTag, type JaegerTrace, missingForJaeger, startJaeger } from '../running-jaeger.ts';

const missing = missingForJaeger();
const needs = missing === null ? '' : ` (needs Jaeger: ${missing})`;

let jaeger: Awaited<ReturnType<typeof startJaeger>>;
beforeAll(async () => {
  if (missing !== null) return;
  await buildJaeger();
  jaeger = await startJaeger();
}, 600_000);
afterAll(async () => {
  await jaeger?.[Symbol.asyncDispose]();
});

/** Tags that a receiver or exporter adds on its own. */
const added = /^(otel\.(scope|library)\.(name|version)|span\.kind|service\.name|host\.name|@jaeger@format)$/;

/** What must be the same whichever way a span came: all but the order. Numbers of the Jaeger exporter are all `float64`. */
function outline(trace: JaegerTrace): readonly object[] {
  const tag = ({ key, type, value }: JaegerTag): string => {
    const isWhole = type === 'int64' || type === 'float64';
    // a number beyond 2^53 goes out as digits: a string by OTLP, as Jaeger itself writes such an int64
    return `${key}=${isWhole || /^\d{16,}$/.test(String(value)) ? 'number' : type}:${value}`;
  };
  const spans = trace.spans.map(({ spanID, operationName, references, startTime, duration, tags, logs, processID }) => {
    const { serviceName, tags: processTags } = trace.processes[processID] ?? { serviceName: '?', tags: [] };
    return {
      ...{ spanID, operationName, startTime, duration, serviceName },
      process: processTags.map(tag).sort(),
      references: references.map((reference) => ({
        ...reference,
        traceID: reference.traceID === trace.traceID ? 'same' : 'other',
      })),
      tags: tags
        .filter(({ key }) => !added.test(key))
        .map(tag)
        .sort(),
      logs: logs.map(({ timestamp, fields }) => ({ timestamp, fields: fields.map(tag).sort() })),
    };
  });
  return spans.sort((a, b) => (a.spanID < b.spanID ? -1 : 1));
}

/** Our own Jaeger JSON is the measure: unit tests hold it against the trace, field by field. */
function written(trace: Trace): JaegerTrace {
  return JSON.parse([...jaegerJson(trace)].join('')).data[0];
}

/** The same trace under another id, so that what one way sent is not taken for what the other did. */
function renamed(trace: Trace, traceId: string): Trace {
  const spans = trace.spans.map((span) => ({
    ...span,
    traceId,
    links: span.links.map((link) => ({ ...link, traceId: link.traceId === trace.traceId ? traceId : link.traceId })),
  }));
  return { ...trace, traceId, spans };
}

const samples = listRuns().filter(({ run }) => run.startsWith('sample-'));

describe
  .skipIf(missing !== null)
  .each([
    { run: 'hand-made', load: () => handMadeTrace() },
    ...samples.map((folder) => ({ run: folder.run, load: () => loadTrace(folder) })),
  ])(`$run${needs}`, ({ run, load }) => {
  const idOf = (way: string): string => createHash('md5').update(`${run} by ${way}`).digest('hex');
  const [first, second] = [renamed(load(), idOf('OTLP')), renamed(load(), idOf('Jaeger'))];

  test('sent by OTLP, Jaeger gives back services, names, parents, times, references, tags, logs', async () => {
    await expect(sendOtlp(first.spans, jaeger.otlp)).resolves.toEqual({ endpoint: jaeger.otlp, spans: first.spans.length });
    expect(outline(await jaeger.trace(first.traceId, first.spans.length))).toEqual(outline(written(first)));
  });

  test('sent by the Jaeger exporter, likewise: each service and host is a process of its own', async () => {
    await expect(sendJaeger(second.spans, jaeger.jaeger)).resolves.toEqual({
      endpoint: jaeger.jaeger,
      spans: second.spans.length,
    });
    expect(outline(await jaeger.trace(second.traceId, second.spans.length))).toEqual(outline(written(second)));
  });
});

test.skipIf(missing !== null)(`Jaeger's page answers everything, and is not taken for a receiver${needs}`, async () => {
  await expect(sendOtlp(handMadeTrace().spans, `${jaeger.page}/v1/traces`)).rejects.toMatchObject({
    message: `${jaeger.page}/v1/traces: OTLP: the answer is not that of an OTLP receiver; 0 of 5 spans are known to have arrived`,
  });
});
