import type { Service } from '../../src/trace/layer-spans.ts';
import type { Span, Trace } from '../../src/trace/span.ts';

/** An end of a function of the instrumented programs, or of CRIU's log. */
export interface Edge {
  readonly span: string;
  /** Whose, where several programs have the function. */
  readonly program?: Service;
  readonly edge: 'begin' | 'end';
}

/** A rule that names a stretch without the instrumented programs, and where they say that it begins and ends. */
interface InferredRule {
  /** Of `src/trace/gap-rules.ts` or `src/layers/dockerd/rules.ts`. */
  readonly name: string;
  readonly from: Edge;
  readonly to: Edge;
  /** It ends or begins by the time of a file, or by a log of CRIU's that only file times place: the kernel's last tick. So much it says itself that it may be short. */
  readonly isByFileTime?: true;
  /** Where it is one of several of that name. */
  readonly which?: (span: Span, trace: Trace) => boolean;
}

const begin = (span: string, program?: Service): Edge => ({
  span,
  edge: 'begin',
  ...(program === undefined ? {} : { program }),
});
const end = (span: string, program?: Service): Edge => ({ span, edge: 'end', ...(program === undefined ? {} : { program }) });

/** The kernel's events have a span of that name, too, which is sure. */
const isInferred = ({ evidence }: Span): boolean => evidence !== 'bounded';

const under =
  (name: RegExp) =>
  (span: Span, { spans }: Trace): boolean =>
    name.test(spans.find((each) => each.spanId === span.parentSpanId)?.name ?? '');

// biome-ignore format: a table is read in rows
export const inferredRules: readonly InferredRule[] = [
  { name: 'runc.pause', from: begin('dockerd.post-containers-pause'), to: end('containerd.pause'), which: isInferred },
  { name: 'runc.checkpoint.start', from: begin('dockerd.post-container-checkpoint'), to: begin('criu.dump') },
  { name: 'runc.checkpoint.end', from: end('criu.dump'), to: begin('archive.write-diff', 'containerd'), isByFileTime: true },
  { name: 'containerd.checkpoint.pack', from: begin('archive.write-diff', 'containerd'), to: begin('containerd-client.write-index') },
  { name: 'dockerd.checkpoint.write-index', from: begin('containerd-client.write-index'), to: end('containerd-client.write-index') },
  { name: 'dockerd.checkpoint.make-image', from: end('containerd-client.write-index'), to: begin('archive.apply', 'dockerd'), isByFileTime: true },
  { name: 'dockerd.checkpoint.unpack', from: begin('archive.apply', 'dockerd'), to: end('archive.apply', 'dockerd'), isByFileTime: true },
  { name: 'dockerd.checkpoint.delete-image', from: end('archive.apply', 'dockerd'), to: end('dockerd.post-container-checkpoint'), isByFileTime: true },
  { name: 'dockerd.start.mount-root', from: begin('dockerd.post-containers-start'), to: end('dockerd.mount') },
  { name: 'dockerd.start.network', from: begin('dockerd.initialize-networking'), to: end('dockerd.create-spec') },
  { name: 'containerd.start.create-container', from: begin('dockerd.replace-container'), to: begin('dockerd.new-task') },
  { name: 'dockerd.start.pack', from: begin('archive.write-diff', 'dockerd'), to: begin('archive.apply', 'containerd'), isByFileTime: true },
  { name: 'containerd.start.unpack', from: begin('archive.apply', 'containerd'), to: end('archive.apply', 'containerd'), isByFileTime: true },
  { name: 'containerd.start.shim', from: end('archive.apply', 'containerd'), to: end('containerd.shim-binary-start'), which: under(/^dockerd\.start|^POST|^containerd\.services/), isByFileTime: true },
  { name: 'containerd.start.create-task', from: end('containerd.shim-binary-start'), to: end('containerd-client.new-task') },
  { name: 'runc.restore.start', from: end('containerd.task-create'), to: begin('criu.restore'), isByFileTime: true },
];

/** Rules that say whose doing many short stretches are, between calls: they are looked at all together. */
export const ownerRules: readonly { readonly name: string; readonly isOwn: (leaf: Span) => boolean }[] = [
  { name: 'dockerd.request', isOwn: ({ service }) => service === 'dockerd' },
  { name: 'dockerd.checkpoint.unpack-edge', isOwn: ({ service }) => service === 'dockerd' },
  { name: 'containerd.start.unpack-edge', isOwn: ({ service }) => /^(?:dockerd|containerd)/.test(service) },
  // the way there, the shim, and the start and end of what that runs are a part of handing on
  { name: 'containerd.task', isOwn: ({ service, name }) => /^containerd/.test(service) || /^(?:rpc\.|runc\.exec$)/.test(name) },
];
