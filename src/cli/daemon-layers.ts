import type { Manifest } from '../evidence/manifest.ts';
import { hostEvidence, type RunFolder } from '../evidence/run-folder.ts';
import { readDockerdEvidence } from '../layers/dockerd/evidence.ts';
import { spansOf as logSpans } from '../layers/dockerd/spans.ts';
import { readNativeEvidence } from '../layers/native/evidence.ts';
import { joinNative } from '../layers/native/join.ts';
import { underNative } from '../layers/native/over-log.ts';
import { spansOf as nativeSpans } from '../layers/native/spans.ts';
import { withStreamsCut } from '../layers/native/streams.ts';
import { readSourceEvidence } from '../layers/source/evidence.ts';
import { spansOf as sourceSpans } from '../layers/source/spans.ts';
import { evidenceHosts } from '../layers/transship/evidence.ts';
import { roleIn } from '../layers/transship/spans.ts';
import type { LayerSpans } from '../trace/layer-spans.ts';

/** What dockerd and containerd did on both hosts, by their own spans where there are any, and by dockerd's log; and what programs did that are instrumented. */
export function daemonLayers(
  folder: RunFolder,
  manifest: Manifest,
): { readonly layers: readonly LayerSpans[]; readonly warnings: readonly string[] } {
  const sides = evidenceHosts(folder).flatMap((host) => {
    const role = roleIn(manifest, host);
    if (role === null) return [];
    const at = hostEvidence(folder, host);
    const { name, sourceId, destinationId } = manifest.container ?? { name: null, sourceId: null, destinationId: null };
    const containers = [name, role === 'source' ? sourceId : destinationId].filter((known) => known !== null);
    const joined = joinNative(withStreamsCut(readNativeEvidence(at, { role, traceId: manifest.traceId })));
    const dockerd = readDockerdEvidence(at, { role, containers });
    const native = nativeSpans(joined, dockerd.imagesBytes);
    const fromLog = logSpans(dockerd);
    const source = readSourceEvidence(at, { role, containers });
    const layers = [...native, ...underNative(fromLog, native), ...sourceSpans(source, dockerd.imagesBytes)];
    return { layers, warnings: [...joined.warnings, ...source.warnings] };
  });
  return { layers: sides.flatMap(({ layers }) => layers), warnings: sides.flatMap(({ warnings }) => warnings) };
}
