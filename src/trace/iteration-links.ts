import type { Span, SpanLink } from './span.ts';

/**
 * Each round of a pre-copy, and the dump after them, builds on the round before; a restore is of a dump: a link says so, as none of them
 * calls the other. In a run of ours rounds do by its steps; logs that were imported may be of any container: there the layer says which.
 *
 *   criu.pre-dump ├──┤ 1 ◄─── ├──┤ 2 ◄─── ├───┤ criu.dump
 */
export function withIterationLinks(spans: readonly Span[], isOurRun: boolean): readonly Span[] {
  const lastOf = new Map<string, Span>();
  const links = new Map<Span, SpanLink>();
  for (const span of spans.filter(isDumpRoot).sort((a, b) => order(a) - order(b))) {
    const before = lastOf.get(span.host);
    if (before !== undefined && isOurRun) links.set(span, linkTo(before));
    if (span.name === 'criu.pre-dump') lastOf.set(span.host, span);
  }
  // a run of ours moves one container: each of its restores, one that was tried again included, is of its last dump
  const dump = isOurRun ? spans.findLast(({ service, name }) => service === 'criu' && name === 'criu.dump') : undefined;
  for (const span of spans) if (dump !== undefined && span.name === 'criu.restore') links.set(span, linkTo(dump));
  for (const span of isOurRun ? [] : spans.filter(({ parentSpanId }) => parentSpanId === undefined)) {
    const other = span.attributes['criu.parent_log'] ?? span.attributes['criu.dump_log'];
    const root = spans.find(
      ({ parentSpanId, attributes }) => parentSpanId === undefined && attributes['log.file.path'] === other,
    );
    if (other !== undefined && root !== undefined) links.set(span, linkTo(root));
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
