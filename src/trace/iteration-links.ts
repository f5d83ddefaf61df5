import type { Span, SpanLink } from './span.ts';

/**
 * Each round of a pre-copy, and the dump after them, builds on the round before: a link says so, as none of them calls the other.
 * In a run of ours they do by its steps; logs that were imported may be of any container: there CRIU's own count of pages that it found in
 * an earlier dump says that there was one.
 *
 *   criu.pre-dump ├──┤ 1 ◄─── ├──┤ 2 ◄─── ├───┤ criu.dump
 */
export function withIterationLinks(spans: readonly Span[], isOurRun: boolean): readonly Span[] {
  const lastOf = new Map<string, Span>();
  const links = new Map<Span, SpanLink>();
  for (const span of spans.filter(isDumpRoot).sort((a, b) => order(a) - order(b))) {
    const before = lastOf.get(span.host);
    if (before !== undefined && (isOurRun || Number(span.attributes['criu.stats.pages_skipped_parent'] ?? 0) > 0))
      links.set(span, linkTo(before));
    if (span.name === 'criu.pre-dump') lastOf.set(span.host, span);
  }
  if (links.size === 0) return spans;
  return spans.map((span) => {
    const link = links.get(span);
    return link === undefined ? span : { ...span, links: [...span.links, link] };
  });
}

function isDumpRoot({ service, name }: Span): boolean {
  return service === 'criu' && (name === 'criu.pre-dump' || name === 'criu.dump');
}

/** Rounds by their number, the dump after all of them. */
function order({ name, attributes }: Span): number {
  return name === 'criu.dump' ? Number.MAX_SAFE_INTEGER : Number(attributes['migration.iteration'] ?? 0);
}

function linkTo({ traceId, spanId, attributes }: Span): SpanLink {
  const iteration = attributes['migration.iteration'];
  return { traceId, spanId, attributes: iteration === undefined ? {} : { 'migration.iteration': iteration } };
}
