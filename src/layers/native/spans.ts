import { createHash } from 'node:crypto';
import { inferenceRules, inferredBy } from '../../trace/inference-rules.ts';
import type { Attributes, AttributeValue, LayerSpan, LayerSpans } from '../../trace/layer-spans.ts';
import { nsToUs } from '../../trace/time.ts';
import type { Joined, NativeNode, NativeRequest } from './join.ts';
import { isRequest } from './operations.ts';
import { type FoundStretch, stretchesIn } from './stretches.ts';

interface Found {
  readonly service: 'dockerd' | 'containerd';
  readonly span: LayerSpan;
}

/** The daemons' own spans of our requests, by their host's clock. `imagesBytes`: what the checkpoint has, where that is known. */
export function spansOf({ evidence, requests }: Joined, imagesBytes: number | null = null): LayerSpans[] {
  const found = requests.flatMap((request) => requestSpans(request, evidence.traceId, imagesBytes));
  return (['dockerd', 'containerd'] as const).flatMap((service) => {
    const spans = found.filter((one) => one.service === service).map(({ span }) => span);
    const anchor = { means: 'own spans', boundNs: 0n };
    return spans.length === 0 ? [] : [{ service, host: evidence.host, role: evidence.role, spans, anchor }];
  });
}

function requestSpans(request: NativeRequest, traceId: string, imagesBytes: number | null): readonly Found[] {
  const stretches = stretchesIn(request).map((stretch) => ({
    service: stretch.rule.service,
    span: stretchSpan(stretch, request, imagesBytes),
  }));
  const holders = request.nodes.flatMap(({ span, operation }) =>
    operation.isWait && span.kind !== 'client' ? { spanId: span.spanId, startNs: span.startNs, endNs: span.endNs } : [],
  );
  const around = [...holders, ...stretches.map(({ span }) => ({ ...span, spanId: span.spanId as string }))];
  const nodes = runsOf(request.nodes).map((run): Found => {
    const [first] = run;
    const span = nodeSpan(run, traceId);
    const parentSpanId = isStitched(first) ? (smallestAround(span, around) ?? first.parentSpanId) : first.parentSpanId;
    return { service: first.span.service, span: { ...span, ...(parentSpanId === undefined ? {} : { parentSpanId }) } };
  });
  return [...nodes, ...stretches];
}

function isStitched({ joinedBy, span }: NativeNode): boolean {
  return joinedBy !== null && !isRequest(span);
}

type Run = readonly [NativeNode, ...NativeNode[]];

/** Calls that come in hundreds, one after another, are one span. */
function runsOf(nodes: readonly NativeNode[]): readonly Run[] {
  const runs: [NativeNode, ...NativeNode[]][] = [];
  for (const node of nodes) {
    const last = runs.at(-1);
    if (node.operation.isFolded && last?.[0].operation === node.operation) last.push(node);
    else runs.push([node]);
  }
  return runs;
}

function smallestAround(
  span: LayerSpan,
  around: readonly { spanId: string; startNs: bigint; endNs: bigint }[],
): string | undefined {
  const enclosing = around.filter((one) => one.startNs <= span.startNs && span.endNs <= one.endNs && one.spanId !== span.spanId);
  return enclosing.sort((a, b) => (a.endNs - a.startNs < b.endNs - b.startNs ? -1 : 1))[0]?.spanId;
}

function nodeSpan(run: Run, traceId: string): LayerSpan {
  const { span, operation } = run[0];
  const endNs = run.reduce((most, one) => (one.span.endNs > most ? one.span.endNs : most), span.endNs);
  const error = run.map((one) => errorOf(one)).find((words) => words !== undefined);
  return {
    key: span.spanId,
    spanId: span.spanId,
    parentKey: undefined,
    name: operation.name,
    startNs: span.startNs,
    endNs,
    evidence: 'bounded',
    attributes: nodeAttributes(run, traceId),
    events: [],
    ...(operation.isWait ? { isWait: true } : {}),
    ...(error === undefined ? {} : { error }),
  };
}

/** "Not found" is an answer to a question. */
function errorOf({ span }: NativeNode): string | undefined {
  const isQuestion = /\/(Get|Info)$/.test(span.name) && /^(5|NOT_FOUND)$/.test(statusOf(span.attributes) ?? '');
  return isQuestion ? undefined : span.error;
}

function nodeAttributes(run: Run, traceId: string): Attributes {
  const [{ span, joinedBy }] = run;
  const attributes: Record<string, AttributeValue> = {};
  const status = span.attributes['http.response.status_code'] ?? span.attributes['http.status_code'];
  if (status !== undefined) attributes['http.response.status_code'] = Number(status);
  const [, service, method] = /^(containerd\.\S+)\/(\w+)$/.exec(span.name) ?? [];
  if (service !== undefined && method !== undefined) {
    attributes['rpc.service'] = service;
    attributes['rpc.method'] = method;
  }
  const code = statusOf(span.attributes);
  if (code !== undefined) attributes['rpc.response.status_code'] = code;
  if (joinedBy !== null) attributes['migration.native.joined_by'] = joinedBy;
  if (span.traceId !== traceId) attributes['migration.native.trace_id'] = span.traceId;
  const omitted = run.reduce((sum, node) => sum + node.omitted, 0);
  if (omitted > 0) attributes['migration.native.omitted'] = omitted;
  if (run.length === 1) return attributes;
  const busyNs = run.reduce((sum, node) => sum + (node.span.endNs - node.span.startNs), 0n);
  return { ...attributes, 'migration.native.calls': run.length, 'migration.native.busy_us': nsToUs(busyNs) };
}

function statusOf(attributes: Readonly<Record<string, string>>): string | undefined {
  return attributes['rpc.response.status_code'] ?? attributes['rpc.grpc.status_code'] ?? attributes['rpc.ttrpc.status_code'];
}

function stretchSpan(
  { rule, startNs, endNs, parentSpanId }: FoundStretch,
  { span }: NativeRequest,
  imagesBytes: number | null,
): LayerSpan {
  const key = `${rule.name} ${span.spanId}`;
  return {
    key,
    spanId: createHash('sha256').update(key).digest('hex').slice(0, 16),
    parentKey: undefined,
    parentSpanId,
    name: rule.name,
    startNs,
    endNs,
    evidence: 'until-next',
    attributes: {
      'code.function.name': inferenceRules[rule.why].source,
      ...inferredBy(rule.why),
      ...(rule.hasBytes && imagesBytes !== null ? { 'migration.bytes': imagesBytes } : {}),
    },
    events: [],
  };
}
