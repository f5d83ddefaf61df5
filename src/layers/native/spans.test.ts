import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { readRecords } from '../../evidence/json-lines.ts';
import { readManifest } from '../../evidence/open-run.ts';
import { apiRecord } from '../../evidence/record-schemas.ts';
import { packageRoot } from '../../evidence/run-folder.ts';
import type { LayerSpan, LayerSpans } from '../../trace/layer-spans.ts';
import { nsToUs } from '../../trace/time.ts';
import { type NativeEvidence, type NativeSpan, readNativeEvidence } from './evidence.ts';
import { joinNative } from './join.ts';
import { spansOf } from './spans.ts';
import { withStreamsCut } from './streams.ts';

/** Moves of a small container by Docker's own path, as Docker 26.1.5 and 28.5.2 saw them (npm run -s transship -- migrate … --strategy docker). */
const runs = ['native-26', 'native-28'] as const;
const folderOf = (run: string) => join(packageRoot(), 'test/recorded/runs', run);

function evidenceOf(run: string, host: 'a' | 'b'): NativeEvidence {
  const { traceId } = readManifest({ run, path: folderOf(run) });
  return readNativeEvidence(join(folderOf(run), 'evidence', host), { role: host === 'a' ? 'source' : 'destination', traceId });
}

const layersOf = (evidence: NativeEvidence): LayerSpans[] => spansOf(joinNative(withStreamsCut(evidence)));
const spansIn = (evidence: NativeEvidence): readonly LayerSpan[] => layersOf(evidence).flatMap(({ spans }) => spans);

/** One line a span: indent, service, name, length in ms, how it is known, how it came here. */
function outline(evidence: NativeEvidence): string {
  const all = layersOf(evidence).flatMap(({ service, spans }) => spans.map((span) => ({ service, span })));
  const below = (parent: string | undefined, depth: number): string[] =>
    all
      .filter(({ span }) =>
        parent === undefined ? !all.some((one) => one.span.spanId === span.parentSpanId) : span.parentSpanId === parent,
      )
      .sort((one, other) => (one.span.startNs < other.span.startNs ? -1 : 1))
      .flatMap(({ service, span }) => {
        const ms = (nsToUs(span.endNs - span.startNs) / 1e3).toFixed(1);
        const { 'migration.native.joined_by': joined, 'migration.native.calls': calls } = span.attributes;
        const words = [
          service,
          span.name,
          ms,
          span.evidence,
          ...(joined ? [`(${joined})`] : []),
          ...(calls ? [`×${calls}`] : []),
        ];
        return [`${'  '.repeat(depth)}${words.join(' ')}`, ...below(span.spanId, depth + 1)];
      });
  return `${below(undefined, 0).join('\n')}\n`;
}

describe.each(runs)('%s', (run) => {
  test.each(['a', 'b'] as const)('what dockerd and containerd did for us on %s', async (host) => {
    await expect(outline(evidenceOf(run, host))).toMatchFileSnapshot(join(folderOf(run), `native-${host}.txt`));
  });

  test.each(['a', 'b'] as const)('on %s each request is a child of our call of it', (host) => {
    const calls = readRecords(join(folderOf(run), 'evidence', host, 'api.jsonl'), apiRecord);
    const callOf = new Map(calls.map((call) => [call.spanId, `${call.method} ${call.path.split('?')[0]}`]));
    const requests = spansIn(evidenceOf(run, host)).filter(({ name }) => name.startsWith('POST '));
    expect(requests.length).toBeGreaterThanOrEqual(2);
    for (const { name, parentSpanId } of requests) {
      const route = new RegExp(`^${name.replace('{name:.*}', '[^/]+')}$`);
      expect(callOf.get(parentSpanId)).toMatch(route);
    }
  });

  test('a batch that was sent twice is told once', () => {
    const evidence = evidenceOf(run, 'a');
    expect(new Set(spansIn(evidence).map(({ spanId }) => spanId)).size).toBe(spansIn(evidence).length);
  });
});

const another = (span: NativeSpan, more: Partial<NativeSpan> = {}): NativeSpan => ({
  ...span,
  traceId: 'f'.repeat(32),
  spanId: `${span.spanId.slice(1)}f`,
  parentSpanId: undefined,
  ...more,
});

describe('where dockerd loses the context', () => {
  const evidence = evidenceOf('native-26', 'a');
  const request = evidence.spans.find(({ name }) => name === 'POST /containers/{name:.*}/checkpoints') as NativeSpan;
  const called = (of: NativeEvidence) => spansIn(of).filter(({ parentSpanId }) => parentSpanId === request.spanId);

  test('its calls of containerd within one request for our container are that request’s, and say so', () => {
    const joined = called(evidence).filter(({ name }) => name.startsWith('containerd.services.'));
    expect(joined.length).toBeGreaterThanOrEqual(8);
    for (const { attributes } of joined)
      expect(attributes).toMatchObject({
        'migration.native.joined_by': 'container id and time',
        'migration.native.trace_id': expect.not.stringMatching(evidence.traceId),
      });
  });

  test('with two requests that could have made them none is taken, and that is said', () => {
    const rival = another(request, { attributes: { 'http.target': '/containers/other/checkpoints' } });
    const both = { ...evidence, spans: [...evidence.spans, rival] };
    expect(called(both)).toEqual([]);
    expect(joinNative(withStreamsCut(both)).warnings).toEqual([
      expect.stringMatching(
        /^dockerd on a: \d+ of its own spans could belong to more than one request, and are left out: .*Tasks\/Checkpoint/,
      ),
    ]);
  });

  test('of two equal calls, where a request makes one, none is taken: the other’s request has not ended yet', () => {
    const checkpoint = evidence.spans.find(({ name }) => name.endsWith('Tasks/Checkpoint')) as NativeSpan;
    const spans = [...evidence.spans, another(checkpoint, { endNs: checkpoint.endNs - 1n })];
    const names = called({ ...evidence, spans }).map(({ name }) => name);
    expect(names).not.toContain('containerd.services.tasks.v1.Tasks/Checkpoint');
    expect(names).toContain('containerd.services.images.v1.Images/Create');
    expect(joinNative({ ...evidence, spans }).warnings.join()).toMatch(/: 2 of its own spans could belong/);
  });

  test('a request that makes no such calls is no rival, nor is one that ended before', () => {
    const pause = another(request, { name: 'POST /containers/{name:.*}/pause' });
    const early = another(request, { endNs: request.startNs, startNs: request.startNs - 1n });
    expect(called({ ...evidence, spans: [...evidence.spans, pause, early] })).toEqual(called(evidence));
  });

  test('what names its container itself is never another’s', () => {
    const { spans } = evidenceOf('native-28', 'a');
    const pause = spans.find(({ name }) => name === 'POST /containers/{name:.*}/pause') as NativeSpan;
    const rival = another(pause, { attributes: { 'url.path': `/containers/${'e'.repeat(64)}/pause` } });
    const there = spansIn({ ...evidenceOf('native-28', 'a'), spans: [...spans, rival] });
    expect(there.find(({ name }) => name === 'task.Pause')?.parentSpanId).toBe(pause.spanId);
  });

  test('what others had dockerd do is not ours', () => {
    const strangers = evidence.spans.map((span) => ({
      ...span,
      traceId: span.traceId === evidence.traceId ? 'f'.repeat(32) : span.traceId,
    }));
    expect(spansIn({ ...evidence, spans: strangers })).toEqual([]);
  });
});

describe('a stream that its client does not read to the end', () => {
  const evidence = evidenceOf('native-28', 'a');
  const reads = (spans: readonly NativeSpan[], kind: string) =>
    spans.filter((span) => span.name.endsWith('Content/Read') && span.kind === kind);

  test('is cut to its server’s: the connection closes seconds later', () => {
    const late = evidence.spans.map((span) =>
      reads([span], 'client').length > 0 ? { ...span, endNs: span.endNs + 4_000_000_000n } : span,
    );
    const cut = reads(withStreamsCut({ ...evidence, spans: late }).spans, 'client');
    const served = new Map(reads(evidence.spans, 'server').map((span) => [span.parentSpanId, span.endNs]));
    expect(cut.length).toBeGreaterThan(20);
    for (const { spanId, endNs, error } of cut) expect([endNs, error]).toEqual([served.get(spanId), undefined]);
  });

  test('is left out where its server left none', () => {
    const alone = evidence.spans.filter((span) => span.kind !== 'server' || !span.name.endsWith('Content/Read'));
    expect(reads(withStreamsCut({ ...evidence, spans: alone }).spans, 'client')).toEqual([]);
  });

  test('hundreds of them are one span, with their number', () => {
    const folded = spansIn(evidence).filter(({ name }) => name.endsWith('Content/Read'));
    expect(folded.length).toBeLessThanOrEqual(2);
    expect(folded.reduce((sum, { attributes }) => sum + Number(attributes['migration.native.calls'] ?? 1), 0)).toBe(
      reads(evidence.spans, 'client').length,
    );
  });
});

describe('what somebody else sends to that port', () => {
  const ours = (spans: unknown) => ({
    resource: { attributes: [{ key: 'service.name', value: { stringValue: 'dockerd' } }] },
    scopeSpans: [{ spans }],
  });
  const ids = { traceId: '1'.repeat(32), spanId: '1'.repeat(16), name: 'x', startTimeUnixNano: '1', endTimeUnixNano: '2' };
  const unreadable = { toString: 1, length: 16 };
  const folder = mkdtempSync(join(tmpdir(), 'native-'));
  afterAll(() => rmSync(folder, { recursive: true }));

  test.each<[string, unknown]>([
    ['a resource that is nothing', null],
    ['an attribute that is nothing', { resource: { attributes: [null] } }],
    ['attributes that are no list', { resource: { attributes: { a: 1 } }, scopeSpans: { a: 1 } }],
    ['a scope that is nothing', { ...ours([]), scopeSpans: [null] }],
    ['a span that is nothing', ours([null, 7, 'x'])],
    ['ids that are no text', ours([{ ...ids, spanId: unreadable, traceId: 7 }])],
    ['a time that is no number', ours([{ ...ids, startTimeUnixNano: unreadable }])],
    [
      'a key that is no text',
      ours([{ ...ids, startTimeUnixNano: '3', attributes: [{ key: unreadable, value: { intValue: 1 } }] }]),
    ],
  ])('%s leaves our own spans as they are', (_what, resource) => {
    const recorded = readFileSync(join(folderOf('native-28'), 'evidence/a/otlp.jsonl'), 'utf8');
    writeFileSync(join(folder, 'otlp.jsonl'), `${recorded}${JSON.stringify({ resourceSpans: [resource] })}\n`);
    const { traceId } = evidenceOf('native-28', 'a');
    expect(readNativeEvidence(folder, { role: 'source', traceId }).spans).toEqual(evidenceOf('native-28', 'a').spans);
  });
});

test('a host that sends nothing has no such spans', () => {
  const { spans, ...none } = readNativeEvidence('/nowhere', { role: 'source', traceId: 'a'.repeat(32) });
  expect(spansIn({ ...none, spans })).toEqual([]);
});
