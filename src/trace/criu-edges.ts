import type { LayerSpan, LayerSpans } from './layer-spans.ts';
import { causedBy, type LeafCauseName } from './leaf-causes.ts';
import { type Ns, usToNs } from './time.ts';

/** What a log cannot tell: it begins after CRIU has, and ends before. */
export const criuEdges = [
  {
    name: 'criu.start',
    meaning: 'from exec to the first moment of its log: dynamic linker, request, options',
    source: 'log.c log_init; cr-service.c',
    cause: 'criu.load',
  },
  {
    name: 'criu.exit',
    meaning: 'from the last line of its log to the end of the process',
    source: 'cr-service.c',
    cause: 'criu.end',
  },
] as const satisfies readonly Edge[];

interface Edge {
  readonly name: string;
  readonly meaning: string;
  readonly source: string;
  readonly cause: LeafCauseName;
}

/** On a call of CRIU: how long after its beginning the process was CRIU. */
export const execAttribute = 'runc.criu.exec_us';

/**
 * Puts beside each log what CRIU did before it and after: both ends of either are known, one by the kernel, one by the log's anchor.
 *
 *   runc.criu.dump  ├─────────────────────┤
 *   log                  ├───────────┤
 *   edges             ├──┤           ├────┤     from exec on
 */
export function withCriuEdges(layers: readonly LayerSpans[]): readonly LayerSpans[] {
  const logs = layers.filter(({ service, spans }) => service === 'criu' && spans[0] !== undefined);
  const edges = layers.flatMap((layer) =>
    layer.spans.flatMap((call): LayerSpans[] => {
      if (call.attributes[execAttribute] === undefined) return [];
      const log = logs.find(({ host, spans: [root] }) => host === layer.host && root !== undefined && holds(call, root));
      return log === undefined ? [] : [edgesOf(call, { log, boundNs: layer.anchor.boundNs })];
    }),
  );
  return [...layers, ...edges];
}

function holds(call: LayerSpan, log: LayerSpan): boolean {
  const middle = (log.startNs + log.endNs) / 2n;
  return call.startNs <= middle && middle <= call.endNs;
}

/** Where the log's end of an edge lies is the log's own uncertainty: on either side of it CRIU is at work. */
function edgesOf(call: LayerSpan, { log, boundNs }: { readonly log: LayerSpans; readonly boundNs: Ns }): LayerSpans {
  const { spans, anchor, host, role } = log;
  const [root] = spans as readonly [LayerSpan];
  const edge = ({ name, cause }: (typeof criuEdges)[number], startNs: Ns, endNs: Ns): LayerSpan[] => {
    if (endNs <= startNs) return [];
    const attributes = causedBy(cause);
    const key = `${call.key} ${name}`;
    return [{ key, parentKey: undefined, name, startNs, endNs, evidence: 'bounded', attributes, events: [] }];
  };
  const execNs = call.startNs + usToNs(Number(call.attributes[execAttribute]));
  const [start, exit] = criuEdges;
  const both = [...edge(start, execNs, root.startNs), ...edge(exit, root.endNs, call.endNs)];
  const means = `the kernel's events; the log's end of it: ${anchor.means}`;
  return { service: 'criu', host, role, spans: both, anchor: { means, boundNs } };
}
