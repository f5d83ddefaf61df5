import { createHash } from 'node:crypto';
import type { HostClock } from './clock-alignment.ts';
import type { LayerSpan, LayerSpans, Service } from './layer-spans.ts';
import type { Ns } from './time.ts';

/** A layer's span on the controller's clock, on its way into the tree. */
export interface AlignedSpan {
  readonly span: LayerSpan;
  readonly service: Service;
  readonly host: string;
  /** The part of the host it is about: a step of ours that acts on the source belongs to the source. */
  readonly role: string | undefined;
  /** Of the controller's own clock and doing. */
  readonly isController: boolean;
  /** Told by the program itself. */
  readonly isInside: boolean;
  /** Which `LayerSpans` it came in: spans of one group share a clock and its error. */
  readonly group: number;
  readonly startNs: Ns;
  readonly endNs: Ns;
  /** How far the whole group may be off: its anchor's bound and its host clock's. */
  readonly boundNs: Ns;
  readonly spanId: string;
}

/** Aligns every span of every layer; the result's order is that of the layers. */
export function alignLayers(
  traceId: string,
  layers: readonly LayerSpans[],
  clockOf: (layer: LayerSpans) => HostClock,
): readonly AlignedSpan[] {
  const taken = new Set<string>();
  return layers.flatMap((layer, group) => {
    const clock = clockOf(layer);
    const boundNs = layer.anchor.boundNs + clock.boundNs;
    return layer.spans.map((span) => ({
      span,
      service: span.service ?? layer.service,
      host: layer.host,
      role: roleOf(layer, span),
      isController: layer.role === 'controller',
      isInside: layer.isInside === true,
      group,
      startNs: clock.align(span.startNs),
      endNs: clock.align(span.endNs),
      boundNs,
      spanId: spanIdOf([traceId, layer.host, layer.service, layer.role, span.key], { taken, given: span.spanId }),
    }));
  });
}

function roleOf(layer: LayerSpans, span: LayerSpan): string | undefined {
  if (layer.role !== 'controller') return layer.role;
  const role = span.attributes['migration.role'];
  return typeof role === 'string' ? role : undefined;
}

/** The same evidence gives the same ids. Two logs of one layer on one host may use the same keys: the later is counted on. */
function spanIdOf(parts: readonly string[], { taken, given }: { taken: Set<string>; given: string | undefined }): string {
  if (given !== undefined && !taken.has(given)) {
    taken.add(given);
    return given;
  }
  for (let copy = 0; ; copy += 1) {
    const id = hashOf([...parts, String(copy)]);
    if (taken.has(id) || /^0+$/.test(id)) continue; // all zeros is no id (W3C trace context)
    taken.add(id);
    return id;
  }
}

function hashOf(parts: readonly string[]): string {
  return createHash('sha256').update(parts.join('\0')).digest('hex').slice(0, 16);
}

/** Where the controller's spans stand where other layers have a host, and the key of the run's own span. */
export const controllerHost = 'controller';
export const rootKey = 'migration';

/** The run's own span, for those who are told whose children they are before there is a trace (`traceparent`). */
export function rootSpanId(traceId: string): string {
  return hashOf([traceId, controllerHost, 'transship', 'controller', rootKey, '0']);
}
