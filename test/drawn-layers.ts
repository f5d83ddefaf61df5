import { type AssembleInput, assemble } from '../src/trace/assemble.ts';
import { execAttribute } from '../src/trace/criu-edges.ts';
import type { EvidenceKind, LayerSpan, LayerSpans, Service } from '../src/trace/layer-spans.ts';
import type { Trace } from '../src/trace/span.ts';

export const ms = 1_000_000n;
const traceId = 'a'.repeat(32);

export interface Drawn {
  readonly key: string;
  readonly parent?: string;
  readonly name?: string;
  readonly at: readonly [number, number];
  readonly kind?: EvidenceKind;
  readonly isWait?: boolean;
  readonly isDetail?: boolean;
  readonly service?: Service;
  readonly execUs?: number;
  readonly role?: string;
  readonly error?: string;
}

function spansAt(drawn: readonly Drawn[], shiftMs = 0): LayerSpan[] {
  return drawn.map(({ key, parent, name, at, kind, isWait, isDetail, service, execUs, role, error }) => ({
    key,
    parentKey: parent,
    name: name ?? key,
    startNs: BigInt(at[0] + shiftMs) * ms,
    endNs: BigInt(at[1] + shiftMs) * ms,
    evidence: kind ?? 'bounded',
    attributes: {
      ...(role === undefined ? {} : { 'migration.role': role }),
      ...(execUs === undefined ? {} : { [execAttribute]: execUs }),
    },
    events: [],
    ...(isWait === undefined ? {} : { isWait }),
    ...(isDetail === undefined ? {} : { isDetail }),
    ...(service === undefined ? {} : { service }),
    ...(error === undefined ? {} : { error }),
  }));
}

export function controller(drawn: readonly Drawn[]): LayerSpans {
  const anchor = { means: 'own clock', boundNs: 0n };
  return { service: 'transship', host: 'controller', role: 'controller', spans: spansAt(drawn), anchor };
}

export function criu(
  role: 'source' | 'destination',
  drawn: readonly Drawn[],
  options: { shiftMs?: number; boundMs?: number } = {},
): LayerSpans {
  const anchor = { means: 'drawn', boundNs: BigInt(options.boundMs ?? 0) * ms };
  return { service: 'criu', host: role === 'source' ? 'a' : 'b', role, spans: spansAt(drawn, options.shiftMs), anchor };
}

export function reading(host: string, offsetMs: number, atMs = 0): AssembleInput['clocks'][number] {
  return { host, takenNs: BigInt(atMs) * ms, offsetNs: BigInt(offsetMs) * ms, boundNs: 0n };
}

export function built(layers: readonly LayerSpans[], clocks = [reading('a', 0), reading('b', 0)]): Trace {
  return assemble({ traceId, run: 'r1', layers, clocks });
}

/** One line a span: indent by depth, name, start and end in ms. */
export function outline(trace: Trace): string[] {
  const lines: string[] = [];
  const visit = (parentSpanId: string | undefined, depth: number): void => {
    for (const span of trace.spans.filter((candidate) => candidate.parentSpanId === parentSpanId)) {
      lines.push(`${'  '.repeat(depth)}${span.name} ${span.startNs / ms}-${(span.startNs + span.durationNs) / ms}`);
      visit(span.spanId, depth + 1);
    }
  };
  visit(undefined, 0);
  return lines;
}
