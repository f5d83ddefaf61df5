import { basename, join } from 'node:path';
import { readObjects } from '../../evidence/json-lines.ts';
import type { Ns } from '../../trace/time.ts';

/** A span as a daemon sent it, by its host's clock. */
export interface NativeSpan {
  readonly service: 'dockerd' | 'containerd';
  readonly kind: 'server' | 'client' | 'internal';
  readonly name: string;
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId: string | undefined;
  readonly startNs: Ns;
  readonly endNs: Ns;
  /** Set when it failed, in the daemon's words. */
  readonly error: string | undefined;
  readonly attributes: Readonly<Record<string, string>>;
}

export interface NativeSubject {
  readonly role: 'source' | 'destination';
  /** Our calls carry it: a request of another trace is none of ours. */
  readonly traceId: string;
}

export interface NativeEvidence extends NativeSubject {
  readonly host: string;
  readonly spans: readonly NativeSpan[];
}

/** OTLP's JSON (https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding), as far as we read it; nothing in it is sure to be there. */
interface Batch {
  readonly resourceSpans?: readonly {
    readonly resource?: { readonly attributes?: readonly KeyValue[] };
    readonly scopeSpans?: readonly { readonly spans?: readonly RawSpan[] }[];
  }[];
}
interface KeyValue {
  readonly key?: string;
  readonly value?: Readonly<Record<string, unknown>>;
}
interface RawSpan {
  readonly traceId?: string;
  readonly spanId?: string;
  readonly parentSpanId?: string;
  readonly name?: string;
  readonly kind?: number | string;
  readonly startTimeUnixNano?: string | number;
  readonly endTimeUnixNano?: string | number;
  readonly attributes?: readonly KeyValue[];
  readonly status?: { readonly code?: number | string; readonly message?: string };
}

/** @throws TransshipError `input` when `otlp.jsonl` is damaged; no file: no spans. */
export function readNativeEvidence(hostFolder: string, subject: NativeSubject): NativeEvidence {
  const batches = readObjects(join(hostFolder, 'otlp.jsonl')) as readonly Batch[];
  return { host: basename(hostFolder), ...subject, spans: spansIn(batches) };
}

/** In the order of their begin, each once: an exporter that had no answer sends a batch again. */
function spansIn(batches: readonly Batch[]): readonly NativeSpan[] {
  const byId = new Map<string, NativeSpan>();
  for (const { resource, scopeSpans } of batches.flatMap((batch) => objectsIn(batch.resourceSpans))) {
    const service = attributesOf(resource?.attributes)['service.name'];
    if (service !== 'dockerd' && service !== 'containerd') continue;
    for (const raw of objectsIn(scopeSpans).flatMap(({ spans }) => objectsIn(spans))) {
      const span = spanOf(raw, service);
      if (span !== null) byId.set(span.spanId, span);
    }
  }
  return [...byId.values()].sort((a, b) => (a.startNs < b.startNs ? -1 : a.startNs > b.startNs ? 1 : 0));
}

/** Whoever reaches the host's port can send a batch: a list that is none, and what is no object in it, is passed over. */
function objectsIn<T extends object>(list: readonly T[] | undefined): readonly T[] {
  return Array.isArray(list) ? list.filter((one) => typeof one === 'object' && one !== null) : [];
}

/** Null: no name, no id, or no times; such a span can stand nowhere. */
function spanOf(raw: RawSpan, service: NativeSpan['service']): NativeSpan | null {
  const [startNs, endNs] = [instant(raw.startTimeUnixNano), instant(raw.endTimeUnixNano)];
  if (!isId(raw.spanId, 16) || !isId(raw.traceId, 32) || startNs === null || endNs === null || endNs < startNs) return null;
  if (typeof raw.name !== 'string') return null;
  const isError = raw.status?.code === 2 || raw.status?.code === 'STATUS_CODE_ERROR';
  const said: unknown = raw.status?.message;
  return {
    service,
    kind: kindOf(raw.kind),
    name: raw.name,
    traceId: raw.traceId,
    spanId: raw.spanId,
    parentSpanId: isId(raw.parentSpanId, 16) ? raw.parentSpanId : undefined,
    startNs,
    endNs,
    error: isError ? (typeof said === 'string' && said) || 'failed' : undefined,
    attributes: attributesOf(raw.attributes),
  };
}

function isId(text: string | undefined, digits: number): text is string {
  return typeof text === 'string' && text.length === digits && /^[0-9a-f]+$/.test(text) && !/^0+$/.test(text);
}

function instant(value: string | number | undefined): Ns | null {
  return (typeof value === 'string' || typeof value === 'number') && /^\d+$/.test(String(value)) ? BigInt(value) : null;
}

function kindOf(kind: number | string | undefined): NativeSpan['kind'] {
  if (kind === 2 || kind === 'SPAN_KIND_SERVER') return 'server';
  return kind === 3 || kind === 'SPAN_KIND_CLIENT' ? 'client' : 'internal';
}

/** Every value as text; lists are left out. */
function attributesOf(list: readonly KeyValue[] | undefined): Readonly<Record<string, string>> {
  return Object.fromEntries(
    objectsIn(list).flatMap(({ key, value }) => {
      const given = Object.values(value ?? {})[0];
      return typeof key !== 'string' || given === undefined || typeof given === 'object' ? [] : [[key, String(given)]];
    }),
  );
}
