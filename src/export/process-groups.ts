import type { Attributes, AttributeValue } from '../trace/layer-spans.ts';
import type { Span } from '../trace/span.ts';

/** The spans of one service on one host: a resource in OTLP, a process in Jaeger and in Chrome's format. */
export interface ProcessGroup {
  readonly service: string;
  readonly host: string;
  readonly spans: readonly Span[];
}

/** In the order in which services first appear, so that the same trace gives the same file. */
export function processGroups(spans: readonly Span[]): readonly ProcessGroup[] {
  const groups = new Map<string, { service: string; host: string; spans: Span[] }>();
  for (const span of spans) {
    const key = `${span.service}\0${span.host}`;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, { service: span.service, host: span.host, spans: [span] });
    else group.spans.push(span);
  }
  return [...groups.values()];
}

/**
 * What names the run, for each resource: Jaeger's search wants service, operation and tags on one span or its process, and only the run's
 * first span has these. None in an import.
 */
export function runAttributes(spans: readonly Span[]): Attributes {
  const top = spans.find(({ attributes }) => attributes['migration.id'] !== undefined)?.attributes ?? {};
  const named = ['migration.id', 'container.name'].map((name) => [name, top[name]] as const);
  return Object.fromEntries(named.filter((entry): entry is [string, AttributeValue] => entry[1] !== undefined));
}

/** A span's attributes with what the model keeps beside them: how the span is known, and whether it merely waited. */
export function exportedAttributes(span: Span): Record<string, AttributeValue> {
  const known = { ...span.attributes, 'migration.evidence': span.evidence };
  return span.isWait ? { ...known, 'migration.is_wait': true } : known;
}

/** A 64-bit value that a double cannot hold exactly is written as decimal digits. */
export function jsonNumber(value: bigint): number | string {
  return BigInt(Number.MIN_SAFE_INTEGER) <= value && value <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(value) : String(value);
}

/** Cuts a list, so that no string and no request grows with the trace. */
export function* chunks<T>(items: readonly T[], size: number): Generator<readonly T[]> {
  for (let from = 0; from < items.length; from += size) yield items.slice(from, from + size);
}
