import type { Manifest } from '../../evidence/manifest.ts';
import type { AttributeValue, LayerSpan } from '../../trace/layer-spans.ts';

/** What each probe saw from outside, as a span beside the steps: the observed reading next to the traced one. */
export function probeSpans(manifest: Manifest): readonly LayerSpan[] {
  return manifest.probes.flatMap((probe, index) => {
    if (probe.gapStartNs === null || probe.gapEndNs === null) return [];
    const attributes: Record<string, AttributeValue> = { 'migration.probe.resolution_us': probe.resolutionUs };
    if (probe.target !== null) attributes['migration.probe.target'] = probe.target;
    if (probe.retransmits !== null) attributes['migration.probe.retransmits'] = probe.retransmits;
    return {
      key: `probe ${index}`,
      parentKey: 'migration',
      name: `probe.${probe.kind}`,
      startNs: BigInt(probe.gapStartNs),
      endNs: BigInt(probe.gapEndNs),
      evidence: 'bounded' as const,
      attributes,
      events: [],
      // A gap is seen, not explained: it must not count as a thing that happened.
      isWait: true,
    };
  });
}
