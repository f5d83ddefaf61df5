import type { Ns } from './time.ts';

/** The layers, one OpenTelemetry `service.name` each. */
export const services = ['transship', 'dockerd', 'containerd', 'runc', 'criu', 'criu-page-server', 'criu-lazy-pages'] as const;
export type Service = (typeof services)[number];

/** How a span's two ends are known: both seen, ends because the next thing began, or known from the order of calls. */
export type EvidenceKind = 'bounded' | 'until-next' | 'inferred';

export type AttributeValue = string | number | boolean | bigint | readonly string[];
export type Attributes = Readonly<Record<string, AttributeValue>>;

export interface SpanEvent {
  readonly name: string;
  readonly timeNs: Ns;
  readonly attributes: Attributes;
}

/**
 * One thing that a layer did, as its own evidence tells it: times are the host's own clock, not aligned;
 * no trace ids yet. `key` is unique within its `LayerSpans` and the same whenever the same evidence is read.
 */
export interface LayerSpan {
  readonly key: string;
  /** `undefined`: a root of this layer, to be hung under the caller's span when the trace is assembled. */
  readonly parentKey: string | undefined;
  readonly name: string;
  readonly startNs: Ns;
  readonly endNs: Ns;
  readonly evidence: EvidenceKind;
  readonly attributes: Attributes;
  readonly events: readonly SpanEvent[];
  /** Set when the span failed: the first true error. */
  readonly error?: string;
  /**
   * True for a call that was merely waited for, or a track beside others (a task's lane): such a span explains nothing
   * by itself even when it has no children.
   */
  readonly isWait?: boolean;
}

/** A moment that two logs tell of: one calls, and the other says that it was called. */
export interface Meeting {
  /** The same in both logs. */
  readonly with: string;
  /** Of whoever calls: the other's line cannot be earlier. */
  readonly isFirst: boolean;
  readonly atNs: Ns;
}

/** What one layer left on one host. Every `layers/*` room has the face `spansOf(evidence): LayerSpans[]`. */
export interface LayerSpans {
  readonly service: Service;
  /** The host's short name, as in `evidence/HOST/`. */
  readonly host: string;
  readonly role: 'source' | 'destination' | 'controller';
  readonly spans: readonly LayerSpan[];
  /** How the times came to the wall clock, and how far they may be off. */
  readonly anchor: { readonly means: string; readonly boundNs: Ns };
  /** By which its place in time can be made surer. */
  readonly meetings?: readonly Meeting[];
}
