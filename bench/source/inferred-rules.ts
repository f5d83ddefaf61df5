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
  /** Where it is one of several of that name. */
  readonly which?: (span: Span, trace: Trace) => boolean;
}

const begin = (span: string, program?: Service): Edge => ({
  span,
  edge: 'begin',
  ...(program === undefined ? {} : { program }),
});
const end = (span: string, program?: Service): Edge => ({ span, edge: 'end', ...(program === undefined ? {} : { program }) });

const under =
  (name: RegExp) =>
  (span: Span, { spans }: Trace): boolean =>
    name.test(spans.find((each) => each.spanId === span.parentSpanId)?.name ?? '');

// biome-ignore format: a table is read in rows
export const inferredRules: readonly InferredRule[] = [
  { name: 'runc.pause', from: begin('dockerd.post-containers-pause'), to: end('containerd.pause') },
  { name: 'runc.checkpoint.start', from: begin('dockerd.post-container-checkpoint'), to: begin('criu.dump') },
  { name: 'runc.checkpoint.end', from: end('criu.dump'), to: begin('archive.write-diff', 'containerd') },
  { name: 'containerd.checkpoint.pack', from: begin('archive.write-diff', 'containerd'), to: begin('containerd-client.write-index') },
  { name: 'dockerd.checkpoint.write-index', from: begin('containerd-client.write-index'), to: end('containerd-client.write-index') },
  { name: 'dockerd.checkpoint.make-image', from: end('containerd-client.write-index'), to: begin('archive.apply', 'dockerd') },
  { name: 'dockerd.checkpoint.unpack', from: begin('archive.apply', 'dockerd'), to: end('archive.apply', 'dockerd') },
  { name: 'dockerd.checkpoint.delete-image', from: end('archive.apply', 'dockerd'), to: end('dockerd.post-container-checkpoint') },
  { name: 'dockerd.start.mount-root', from: begin('dockerd.post-containers-start'), to: end('dockerd.mount') },
  { name: 'dockerd.start.network', from: begin('dockerd.initialize-networking'), to: end('dockerd.initialize-networking') },
  { name: 'dockerd.start.spec', from: end('dockerd.initialize-networking'), to: end('dockerd.create-spec') },
  { name: 'containerd.start.create-container', from: begin('dockerd.replace-container'), to: begin('dockerd.new-task') },
  { name: 'dockerd.start.pack', from: begin('archive.write-diff', 'dockerd'), to: begin('archive.apply', 'containerd') },
  { name: 'containerd.start.unpack', from: begin('archive.apply', 'containerd'), to: end('archive.apply', 'containerd') },
  { name: 'containerd.start.shim', from: end('archive.apply', 'containerd'), to: begin('containerd.shim-create'), which: under(/^dockerd\.start|^POST|^containerd\.services/) },
  { name: 'containerd.start.create-task', from: begin('containerd.shim-create'), to: end('containerd.shim-create') },
  { name: 'runc.restore.start', from: end('containerd.task-create'), to: begin('criu.restore') },
  { name: 'docker.api.request', from: begin('docker.api POST /containers/{id}/checkpoints'), to: begin('dockerd.post-container-checkpoint'), which: under(/checkpoints$/) },
  { name: 'docker.api.request', from: begin('docker.api POST /containers/{id}/start'), to: begin('dockerd.post-containers-start'), which: under(/start$/) },
];
