import type { LayerSpan, LayerSpans } from './layer-spans.ts';
import { fileTickNs } from './time.ts';

/**
 * containerd starts the shim once it has unpacked the images. When it had is known by the time of a file, to the kernel's tick; a shim whose
 * process began in that tick says that it was before.
 *
 *   last file   ├── tick ──┤
 *   start.shim             ├────────────┤    by the file alone
 *   process          ├────────────────┤
 *   start.shim       ├──────────────────┤
 */
export function withShimBegin(layers: readonly LayerSpans[]): readonly LayerSpans[] {
  const shims = layers.flatMap(({ host, spans }) =>
    spans.flatMap(({ name, startNs }) => (name === 'shim.start' ? { host, startNs } : [])),
  );
  const sharpened = (host: string, span: LayerSpan): LayerSpan => {
    if (span.name !== 'containerd.start.shim' || span.evidence !== 'until-next') return span;
    const shim = shims.find((one) => one.host === host && span.startNs - fileTickNs <= one.startNs && one.startNs < span.startNs);
    return shim === undefined ? span : { ...span, startNs: shim.startNs };
  };
  return layers.map((layer) => ({ ...layer, spans: layer.spans.map((span) => sharpened(layer.host, span)) }));
}
