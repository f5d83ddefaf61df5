import type { LayerSpan, LayerSpans } from './layer-spans.ts';
import type { Ns } from './time.ts';

/** The process of CRIU that writes a log, from the moment at which it is CRIU to its end; only in layers on their way here. */
export const criuProcessName = 'criu.process';

/** What a log cannot tell: it begins after CRIU has, and ends before. */
export const criuEdges = [
  {
    name: 'criu.start',
    meaning: 'from exec to the first moment of its log: dynamic linker, request, options',
    source: 'log.c log_init; cr-service.c',
  },
  { name: 'criu.exit', meaning: 'from the last line of its log to the end of the process', source: 'cr-service.c' },
] as const;

/**
 * Puts beside each log what CRIU did before it and after: both ends of either are known, one by the kernel, one by the log's anchor.
 *
 *   process   ├──────────────────┤
 *   log           ├───────────┤
 *   edges     ├──┤             ├─┤
 */
export function withCriuEdges(layers: readonly LayerSpans[]): readonly LayerSpans[] {
  const logs = layers.filter(({ service, spans }) => service === 'criu' && spans[0] !== undefined);
  const edges = layers.flatMap((layer) => {
    return layer.spans.flatMap((process): LayerSpans[] => {
      if (process.name !== criuProcessName) return [];
      const log = logs.find(({ host, spans: [root] }) => host === layer.host && root !== undefined && isOver(process, root));
      return log === undefined ? [] : [edgesOf(process, log)];
    });
  });
  const rest = layers.map((layer) => ({ ...layer, spans: layer.spans.filter(({ name }) => name !== criuProcessName) }));
  return [...rest, ...edges];
}

function isOver(process: LayerSpan, log: LayerSpan): boolean {
  const middle = (log.startNs + log.endNs) / 2n;
  return process.startNs <= middle && middle <= process.endNs;
}

function edgesOf(process: LayerSpan, { spans, anchor, host, role }: LayerSpans): LayerSpans {
  const [root] = spans as readonly [LayerSpan];
  const edge = (name: (typeof criuEdges)[number]['name'], startNs: Ns, endNs: Ns): LayerSpan[] => {
    if (endNs <= startNs) return [];
    const key = `${process.key} ${name}`;
    return [{ key, parentKey: undefined, name, startNs, endNs, evidence: 'bounded', attributes: {}, events: [] }];
  };
  const both = [...edge('criu.start', process.startNs, root.startNs), ...edge('criu.exit', root.endNs, process.endNs)];
  const means = `the kernel's events; the log's end of it: ${anchor.means}`;
  return { service: 'criu', host, role, spans: both, anchor: { means, boundNs: anchor.boundNs } };
}
