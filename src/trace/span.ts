import type { Attributes, EvidenceKind, Service, SpanEvent } from './layer-spans.ts';
import type { Ns } from './time.ts';

/** A span of the assembled trace: aligned to the controller's clock, with ids. What the exporters take. */
export interface Span {
  /** 32 lower-case hex digits. */
  readonly traceId: string;
  /** 16 lower-case hex digits. */
  readonly spanId: string;
  readonly parentSpanId: string | undefined;
  readonly service: Service;
  readonly host: string;
  readonly name: string;
  readonly startNs: Ns;
  readonly durationNs: Ns;
  readonly status: 'unset' | 'ok' | 'error';
  readonly statusMessage?: string;
  readonly attributes: Attributes;
  readonly events: readonly SpanEvent[];
  readonly links: readonly SpanLink[];
  readonly evidence: EvidenceKind;
  readonly isWait: boolean;
  /** See LayerSpan. */
  readonly isDetail?: true;
}

export interface SpanLink {
  readonly traceId: string;
  readonly spanId: string;
  readonly attributes: Attributes;
}

/** Shares of the downtime window, each 0..1; what is left to 1 is the span called `unexplained`. */
export interface Explained {
  readonly bounded: number;
  readonly untilNext: number;
  readonly inferred: number;
}

export interface Trace {
  readonly traceId: string;
  readonly run: string;
  readonly spans: readonly Span[];
  /** The window that `explained` speaks of: last freeze to first resume; null when the run has none (an import). */
  readonly downtime: { readonly startNs: Ns; readonly endNs: Ns } | null;
  readonly explained: Explained | null;
  /** The lower end of all three together (0..1), wherever in their bounds the ends of the window may lie. */
  readonly explainedAtLeast: number | null;
  /** The same shares of the whole run; null for an import. */
  readonly explainedRun: Explained | null;
  /** Sums over what was read: boundary uncertainty of the window and clock. `null`: unknown. */
  readonly clock: { readonly offsetNs: Ns; readonly boundNs: Ns } | null;
  /** Spans outside their parent by more than the bounds allow, in words; not empty makes the run `inconsistent`. */
  readonly inconsistencies: readonly string[];
  readonly warnings: readonly string[];
}
