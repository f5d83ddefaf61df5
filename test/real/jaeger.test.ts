import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { loadTrace } from '../../src/cli/load-trace.ts';
import { listRuns, openRun } from '../../src/evidence/open-run.ts';
import { packageRoot } from '../../src/evidence/run-folder.ts';
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
}, 1_800_000);
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

/** Of nanoseconds Jaeger cuts start and length each by itself, where we cut both ends. */
function inNanoseconds(trace: Trace): JaegerTrace {
  const lengths = new Map(trace.spans.map(({ spanId, durationNs }) => [spanId, Number(durationNs / 1_000n)]));
  const { spans, ...rest } = written(trace);
  return { ...rest, spans: spans.map((span) => ({ ...span, duration: lengths.get(span.spanID) ?? 0 })) };
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
    expect(outline(await jaeger.trace(first.traceId, first.spans.length))).toEqual(outline(inNanoseconds(first)));
  });

  test('sent by the Jaeger exporter, likewise: each service and host is a process of its own', async () => {
    await expect(sendJaeger(second.spans, jaeger.jaeger)).resolves.toEqual({
      endpoint: jaeger.jaeger,
      spans: second.spans.length,
    });
    expect(outline(await jaeger.trace(second.traceId, second.spans.length))).toEqual(outline(written(second)));
  });
});

/** Recorded moves, each by another way in, so that both ways are asked everything. */
describe.skipIf(missing !== null)(`as its users use it${needs}`, () => {
  const recorded = (run: string) => loadTrace(openRun(join(packageRoot(), 'test/recorded/runs', run)));
  const idOf = (what: string): string => createHash('md5').update(`used ${what}`).digest('hex');
  const good = renamed(recorded('native-28'), idOf('good'));
  const other = renamed(recorded('native-26'), idOf('other'));
  const failed = renamed(loadTrace(openRun('sample-failed')), idOf('failed'));
  const traceOf = (trace: Trace) => jaeger.trace(trace.traceId, trace.spans.length);

  beforeAll(async () => {
    await sendOtlp(good.spans, jaeger.otlp);
    await sendJaeger(other.spans, jaeger.jaeger);
    await sendOtlp(failed.spans, jaeger.otlp);
    await Promise.all([good, other, failed].map(traceOf)); // all is stored
  });

  test.each([
    ['transship', 'migration'],
    ['transship', 'downtime'],
    ['dockerd', 'POST /containers/{name:.*}/checkpoints'],
    ['criu', 'criu.dump.freeze'],
    ['criu', 'criu.restore'],
  ])('%s, %s: each run is found by its id, both by the container', async (service, operation) => {
    const find = (tags: Record<string, string>) => jaeger.find(service, operation, tags);
    expect(await find({ 'migration.id': 'native-28' })).toEqual([good.traceId]);
    expect(await find({ 'migration.id': 'native-26' })).toEqual([other.traceId]);
    const found = await find({ 'container.name': 'web' });
    expect(found).toEqual(expect.arrayContaining([good.traceId, other.traceId]));
    expect(await find({ 'container.name': 'nobody' })).toEqual([]);
  });

  test('error=true finds the run that failed, by the migration and by what failed in it, and no other', async () => {
    const known = new Set([good, other, failed].map(({ traceId }) => traceId));
    const failing = failed.spans.filter(({ status, service }) => status === 'error' && service === 'criu');
    expect(failing.length).toBeGreaterThan(0);
    for (const [service, operation] of [['transship', 'migration'], ...failing.map((span) => ['criu', span.name])] as [
      string,
      string,
    ][])
      expect((await jaeger.find(service, operation, { error: 'true' })).filter((id) => known.has(id))).toEqual([failed.traceId]);
  });

  test.each([
    ['by OTLP', good],
    ['by the Jaeger exporter', other],
  ])(
    '%s: no warning about a parent or a clock; hosts and run stand on the process; the restore points to its dump',
    async (_, trace) => {
      const answer = await traceOf(trace);
      expect(answer.spans.flatMap(({ warnings }) => warnings ?? [])).toEqual([]);
      for (const { serviceName, tags } of Object.values(answer.processes)) {
        const words = Object.fromEntries(tags.map(({ key, value }) => [key, value]));
        const hosts = serviceName === 'transship' ? /^(controller|a|b)$/ : /^[ab]$/;
        expect(words).toMatchObject({ 'host.name': expect.stringMatching(hosts), 'container.name': 'web' });
        expect(words['migration.id']).toMatch(/^native-2/);
      }
      const idOfSpan = (name: string) => answer.spans.find(({ operationName }) => operationName === name)?.spanID;
      const restore = answer.spans.find(({ operationName }) => operationName === 'criu.restore');
      expect(restore?.references).toContainEqual(
        expect.objectContaining({ refType: 'FOLLOWS_FROM', spanID: idOfSpan('criu.dump') }),
      );
    },
  );

  test('two runs compare: Jaeger pairs spans by service and operation, and the same things have the same names', () => {
    const namesOf = ({ spans }: Trace, service: string) =>
      new Set(spans.filter((span) => span.service === service && !span.name.startsWith('shell ')).map(({ name }) => name));
    for (const service of ['transship', 'criu']) expect(namesOf(good, service)).toEqual(namesOf(other, service));
    const [newer, older] = [namesOf(good, 'dockerd'), namesOf(other, 'dockerd')];
    expect([...older].filter((name) => name.startsWith('containerd.') && !newer.has(name))).toEqual([]);
  });
});

test.skipIf(missing !== null)(`Jaeger's page answers everything, and is not taken for a receiver${needs}`, async () => {
  await expect(sendOtlp(handMadeTrace().spans, `${jaeger.page}/v1/traces`)).rejects.toMatchObject({
    message: `${jaeger.page}/v1/traces: OTLP: the answer is not that of an OTLP receiver; 0 of 5 spans are known to have arrived`,
  });
});
