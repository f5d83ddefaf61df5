import type { InferenceName } from '../../trace/inference-rules.ts';
import type { Ns } from '../../trace/time.ts';
import type { NativeNode, NativeRequest } from './join.ts';

/** What a daemon does by itself between two calls of which it has spans: the first has returned, and the second begins (or the caller ends). */
export interface NativeStretch {
  readonly service: 'dockerd' | 'containerd';
  readonly name: string;
  /** The last call of this name before it. */
  readonly after: string;
  /** The first call of this name thereafter; with `isEndOf`, the end of the span of this name around it. */
  readonly before: string;
  readonly isEndOf?: true;
  /** Only where the request made such a call. */
  readonly having?: string;
  /** It handles the images: their bytes stand on the span. */
  readonly hasBytes?: true;
  /** Why nothing else happens in it, and what does it. */
  readonly why: InferenceName;
}

const rpc = 'containerd.services';

export const nativeStretches: readonly NativeStretch[] = [
  {
    service: 'containerd',
    name: 'containerd.checkpoint.pack',
    after: 'containerd.task.v3.Task/Checkpoint',
    before: `${rpc}.tasks.v1.Tasks/Checkpoint`,
    isEndOf: true,
    hasBytes: true,
    why: 'containerd.checkpoint.pack, by own spans',
  },
  {
    service: 'dockerd',
    name: 'dockerd.checkpoint.write-index',
    after: `${rpc}.tasks.v1.Tasks/Checkpoint`,
    before: `${rpc}.images.v1.Images/Create`,
    why: 'dockerd.checkpoint.write-index, by own spans',
  },
  {
    service: 'dockerd',
    name: 'dockerd.checkpoint.unpack',
    after: `${rpc}.content.v1.Content/Info`,
    before: `${rpc}.images.v1.Images/Delete`,
    hasBytes: true,
    why: 'dockerd.checkpoint.unpack, by own spans',
  },
  {
    service: 'dockerd',
    name: 'dockerd.start.content-store',
    after: `${rpc}.leases.v1.Leases/Delete`,
    before: `${rpc}.containers.v1.Containers/Get`,
    having: `${rpc}.content.v1.Content/Delete`,
    hasBytes: true,
    why: 'dockerd.start.content-store, by own spans',
  },
];

export interface FoundStretch {
  readonly rule: NativeStretch;
  readonly startNs: Ns;
  readonly endNs: Ns;
  /** The span whose own time it is. */
  readonly parentSpanId: string;
}

export function stretchesIn({ span: request, nodes }: NativeRequest): readonly FoundStretch[] {
  return nativeStretches.flatMap((rule) => {
    if (rule.having !== undefined && !nodes.some(({ span }) => span.name === rule.having)) return [];
    const found = rule.isEndOf ? untilEnd(rule, nodes) : untilNext(rule, nodes, request.spanId);
    return found === null || found.startNs >= found.endNs ? [] : { rule, ...found };
  });
}

type Place = Omit<FoundStretch, 'rule'>;

/** Of a call both its caller and its server can have a span, by the same name: only the service's own count. */
function untilNext(rule: NativeStretch, nodes: readonly NativeNode[], parentSpanId: string): Place | null {
  const own = nodes.map(({ span }) => span).filter(({ service }) => service === rule.service);
  const first = own.find(({ name }) => name === rule.after);
  const next = own.find(({ name, startNs }) => name === rule.before && first !== undefined && startNs >= first.endNs);
  const last = next && own.findLast(({ name, endNs }) => name === rule.after && endNs <= next.startNs);
  return next && last ? { startNs: last.endNs, endNs: next.startNs, parentSpanId } : null;
}

function untilEnd(rule: NativeStretch, nodes: readonly NativeNode[]): Place | null {
  const own = nodes.map(({ span }) => span).filter(({ service }) => service === rule.service);
  const around = own.find(({ name }) => name === rule.before);
  const last = own.findLast(({ name }) => name === rule.after);
  return around && last ? { startNs: last.endNs, endNs: around.endNs, parentSpanId: around.spanId } : null;
}
