import type { Ns } from './time.ts';

/** The layers, one OpenTelemetry `service.name` each. */
export const services = [
  'transship',
  'dockerd',
  'containerd',
  'containerd-shim',
  'runc',
  'criu',
  'criu-page-server',
  'criu-lazy-pages',
] as const;
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
  /** The id by which other programs know it; missing: one is made. 16 lower-case hex digits. */
  readonly spanId?: string;
  /** Its caller by that one's `spanId`, of whatever layer; where it is not there, the span is a root. Counts where `parentKey` is undefined. */
  readonly parentSpanId?: string;
  readonly name: string;
  /** Whose doing it is, where that is not the layer that tells of it. */
  readonly service?: Service;
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
  /**
   * True for a part of what another span's doer did at that time (a program that it started): it hangs under the innermost span of its own
   * service, and that one goes on to explain what lies beside it.
   */
  readonly isDetail?: boolean;
}

/** What one layer left on one host. Every `layers/*` room has the face `spansOf(evidence): LayerSpans[]`. */
export interface LayerSpans {
  readonly service: Service;
  /** The host's short name, as in `evidence/HOST/`. */
  readonly host: string;
  readonly role: 'source' | 'destination' | 'controller';
  readonly spans: readonly LayerSpan[];
  /** Told by the program itself: what was seen of the same program from outside (its log, our scripts) encloses it. */
  readonly isInside?: true;
  /** How the times came to the wall clock, and how far they may be off. */
  readonly anchor: { readonly means: string; readonly boundNs: Ns };
}
