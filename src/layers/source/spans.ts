import { pathRules } from '../../instrument/path-rules.ts';
import type { LayerSpan, LayerSpans, Service } from '../../trace/layer-spans.ts';
import type { KnownCall, SourceEvidence } from './evidence.ts';
import { type Call, callTrees, containerOf } from './process-tree.ts';

/** The layer that a program is. */
const serviceOf: Readonly<Record<string, Service>> = {
  dockerd: 'dockerd',
  containerd: 'containerd',
  'containerd-shim-runc-v2': 'containerd-shim',
  runc: 'runc',
};

const byName = new Map(pathRules.map((rule) => [rule.name, rule]));

/**
 * What programs did for the run's container, by their own account or the kernel's: both ends of each call were seen. `imagesBytes`: what the
 * checkpoint has, where that is known.
 */
export function spansOf(
  { host, role, containers, records, anchor }: SourceEvidence,
  imagesBytes: number | null = null,
): LayerSpans[] {
  const calls = processesOf(records)
    .flatMap(callTrees)
    .filter((call) => isOurs(call, containers));
  const keys = new Map(
    calls.map((call, index) => [call, `${call.record.program} ${call.record.pid} ${call.record.name} ${index}`]),
  );
  return [...new Set(Object.values(serviceOf))].flatMap((service) => {
    const spans = calls
      .filter(({ record }) => serviceOf[record.program] === service)
      .flatMap((call) => spanOf(call, keys, imagesBytes));
    if (spans.length === 0) return [];
    return [{ service, host, role, spans, isInside: true, anchor }];
  });
}

/** A process is its pid with its program: between two runs of the same pid there is its end. */
function processesOf(records: readonly KnownCall[]): readonly (readonly KnownCall[])[] {
  const processes = new Map<string, KnownCall[]>();
  for (const record of records) {
    const key = `${record.program} ${record.pid}`;
    processes.set(key, [...(processes.get(key) ?? []), record]);
  }
  return [...processes.values()];
}

/** By name, by id, or by an id cut short; what knows no container at all is told. */
function isOurs(call: Call, containers: readonly string[]): boolean {
  const called = containerOf(call);
  return (
    called === undefined ||
    containers.some(
      (known) => known === called || (/^[0-9a-f]{64}$/.test(known) && /^[0-9a-f]{12,}$/.test(called) && known.startsWith(called)),
    )
  );
}

/** Functions through which the packed checkpoint goes, whole: its images’ bytes stand on them (containerd archive, services/tasks). */
const handlesImages = new Set(['archive.apply', 'archive.write-diff', 'containerd.write-content']);

function spanOf(call: Call, keys: ReadonlyMap<Call, string>, imagesBytes: number | null): LayerSpan[] {
  const { record, startNs, endNs, parent } = call;
  const rule = byName.get(record.name);
  if (rule === undefined) return []; // of a build that knows more than this version
  const parentKey = parent === null ? undefined : keys.get(parent);
  const bytes = handlesImages.has(rule.name) && imagesBytes !== null ? { 'migration.bytes': imagesBytes } : {};
  return [
    {
      key: keys.get(call) as string,
      parentKey,
      name: rule.name,
      startNs,
      endNs,
      evidence: 'bounded',
      attributes: { ...record.attributes, 'code.function.name': record.code, 'process.pid': record.pid, ...bytes },
      events: [],
      // the work is another process's
      isWait: (rule.calls ?? []).some(({ via }) => via === 'exec' || via === 'grpc' || via === 'ttrpc'),
      ...(record.error === undefined ? {} : { error: record.error }),
    },
  ];
}
