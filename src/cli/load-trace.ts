import { readManifest } from '../evidence/open-run.ts';
import { hostEvidence, type RunFolder } from '../evidence/run-folder.ts';
import { type CriuEvidence, readCriuEvidence } from '../layers/criu/evidence.ts';
import { evidenceHosts } from '../layers/transship/evidence.ts';
import type { Trace } from '../trace/span.ts';
import { keepDerived } from './derived-trace.ts';
import { traceOf } from './trace-of.ts';

/**
 * The trace of a run, made from its evidence; the derived `trace.otlp.jsonl` is written anew where that is allowed.
 * @throws TransshipError `input` when evidence is damaged
 */
export function loadTrace(folder: RunFolder): Trace {
  const trace = traceOf(folder, readManifest(folder), criuOf(folder));
  keepDerived(folder, trace);
  return trace;
}

/** What CRIU left on each host. */
export function criuOf(folder: RunFolder): readonly CriuEvidence[] {
  return evidenceHosts(folder).map((host) => readCriuEvidence(hostEvidence(folder, host)));
}
