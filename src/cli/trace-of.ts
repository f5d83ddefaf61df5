import { bytesOfImages, listedImages } from '../evidence/image-list.ts';
import type { Manifest } from '../evidence/manifest.ts';
import { hostEvidence, type RunFolder } from '../evidence/run-folder.ts';
import type { CriuEvidence } from '../layers/criu/evidence.ts';
import { spansOf as criuSpans } from '../layers/criu/spans.ts';
import { readProcessEvidence } from '../layers/processes/evidence.ts';
import { spansOf as processSpans } from '../layers/processes/spans.ts';
import { evidenceHosts, readTransshipEvidence } from '../layers/transship/evidence.ts';
import { spansOf as markSpans, readHostMarks } from '../layers/transship/host-marks.ts';
import { readProcesses, spansOf as recordedSpans } from '../layers/transship/processes.ts';
import { roleIn, spansOf as transshipSpans } from '../layers/transship/spans.ts';
import { assemble } from '../trace/assemble.ts';
import { withCriuEdges } from '../trace/criu-edges.ts';
import { withShimBegin } from '../trace/shim-begin.ts';
import type { Trace } from '../trace/span.ts';
import { daemonLayers } from './daemon-layers.ts';
import { toldOnce } from './known-calls.ts';

/** The trace of a run whose manifest, and what CRIU left, have been read. */
export function traceOf(folder: RunFolder, manifest: Manifest, criu: readonly CriuEvidence[]): Trace {
  const hosts = evidenceHosts(folder);
  const daemons = daemonLayers(folder, manifest);
  const own = transshipSpans(readTransshipEvidence(folder, manifest));
  const scripts = hosts.flatMap((host) => {
    const role = roleIn(manifest, host);
    const at = hostEvidence(folder, host);
    return role === null ? [] : markSpans(readHostMarks(at), { host, role, imagesBytes: bytesOfImages(listedImages(at)) });
  });
  const recorded = hosts.flatMap((host) => recordedSpans(readProcesses(hostEvidence(folder, host)), host));
  const processes = hosts.flatMap((host) => {
    const role = roleIn(manifest, host);
    return role === null ? [] : readProcessEvidence(hostEvidence(folder, host), role);
  });
  const calls = processes.flatMap((evidence) => processSpans(evidence));
  const isOfRunc = manifest.kind === 'migration';
  const criuLayers = criu.flatMap((evidence) => criuSpans(evidence, { isOfRunc }));
  const seen = [...toldOnce(scripts, calls), ...daemons.layers, ...criuLayers];
  const layers = [...own, ...recorded, ...withCriuEdges(withShimBegin(seen))];
  const clocks = manifest.clocks.map(({ host, takenNs, offsetNs, boundNs }) => ({
    host,
    takenNs: BigInt(takenNs),
    offsetNs: BigInt(offsetNs),
    boundNs: BigInt(boundNs),
  }));
  const trace = assemble({ traceId: manifest.traceId, run: manifest.run, layers, clocks });
  return { ...trace, warnings: [...[...criu, daemons, ...processes].flatMap(({ warnings }) => warnings), ...trace.warnings] };
}
