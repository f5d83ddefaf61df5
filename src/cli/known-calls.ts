import type { LayerSpan, LayerSpans } from '../trace/layer-spans.ts';

/** What both the kernel and our scripts tell of. */
const toldTwice = /^runc\.(?:checkpoint|pre-dump|restore)$/;

/**
 * runc's calls each once: what the kernel saw of them is better than what our scripts noted before and after. What the scripts alone know, the
 * number of a round, how it ended, goes along.
 */
export function toldOnce(scripts: readonly LayerSpans[], calls: readonly LayerSpans[]): readonly LayerSpans[] {
  const noted = scripts.filter(({ service }) => service === 'runc');
  const same = (host: string, span: LayerSpan, layers: readonly LayerSpans[]): LayerSpan | undefined =>
    layers
      .filter((layer) => layer.host === host)
      .flatMap(({ spans }) => spans)
      .find((one) => toldTwice.test(one.name) && one.name === span.name && one.startNs < span.endNs && span.startNs < one.endNs);
  const once = scripts.map((layer) =>
    layer.service === 'runc' ? { ...layer, spans: layer.spans.filter((span) => !same(layer.host, span, calls)) } : layer,
  );
  const enriched = calls.map((layer) => ({
    ...layer,
    spans: layer.spans.map((span) => {
      const mark = same(layer.host, span, noted);
      if (mark === undefined) return span;
      const error = span.error ?? mark.error;
      return { ...span, attributes: { ...mark.attributes, ...span.attributes }, ...(error === undefined ? {} : { error }) };
    }),
  }));
  return [...once, ...enriched];
}
