import type { InferenceName } from './inference-rules.ts';
import type { EvidenceKind, Service } from './layer-spans.ts';

/** Where the stretch is its holder's first or last: what it lies next to is the holder's own begin or end. */
export const edge = { begin: 'begin', end: 'end' } as const;

/**
 * A stretch in which nobody speaks, and what happens in it, by what lies before and after. The list is closed: what is between other things
 * stays unexplained. It holds only where no layer has a leaf of its own, so that better evidence takes its place by itself.
 */
export interface GapRule {
  /** Missing: that of the span that holds the stretch. */
  readonly service?: Service;
  readonly name: string;
  /** The innermost span that holds the stretch, or waits through it. */
  readonly under?: RegExp;
  /** Only where the program itself tells of the call that holds it (instrumented binaries), from its begin to its end. */
  readonly isInside?: true;
  /** The leaf that ends where it begins, or `begin`. */
  readonly after?: RegExp;
  /** The leaf that begins where it ends, or `end`. */
  readonly before?: RegExp;
  /** A span that is under way all the time, and one that is not. */
  readonly during?: RegExp;
  readonly notDuring?: RegExp;
  /** The span that it hangs under, where that is another than the one that holds it. */
  readonly parent?: RegExp;
  /** `until-next`: what lies before it ended, and it ends because the next thing began. `inferred`: several programs take part, in an order that their sources give. */
  readonly evidence: Exclude<EvidenceKind, 'bounded'>;
  /** Not where it is all that the holder has: nothing is known of that then. */
  readonly isPart?: true;
  /** A longer one is something else. */
  readonly upToMs?: number;
  /** Why nothing else happens there, and what does it. */
  readonly why: InferenceName;
}

/** Steps in which the controller looks on until others have done their work. */
const watchingSteps = /^migration\.\w+\.(?:dump|hand-over|restore|warm-destination|residual)$/;
/** Those in which a restore is begun that then waits for the go. */
const preparing = /^migration\.prepare\.(?:warm-destination|prepare-restore|page-server)$/;
const anyStep = /^migration\.\w+\.\S+$/;

/** What the controller does itself, or waits for by itself. */
const ownEnd = /^(?:begin|migration\.\S+|docker\.api .*|shell \S+)$/;
const ownBegin = /^(?:end|migration\.\S+|docker\.api .*|shell \S+)$/;

/** Whose spans hold stretches of rules that name no service. */
export const holderServices: readonly Service[] = ['dockerd', 'containerd', 'containerd-shim', 'runc'];

/** Functions of Docker's router, which handle a request (src/instrument/path-dockerd.ts). */
const handler = /^dockerd\.(?:post|get)-[\w-]+$/;
/** Calls that are another process's work, as the one tells of them that makes them. */
const remoteCall =
  /^(?:containerd-client\.\S+|containerd\.services\.tasks\S+|containerd\.shim-\w+|containerd\.task\.v\d\.Task\/\w+)$/;
/** And the one that is called. */
const served = /^(?:containerd\.(?:pause|checkpoint|create|start)|shim\.service-\w+)$/;
const criuCaller = /^runc\.(?:criu-swrk|check-criu-version)$/;

// biome-ignore format: a table is read in rows
export const gapRules: readonly GapRule[] = [
  // CRIU comes up
  { service: 'criu', name: 'criu.dump.exec', after: /^source\.(?:cut-link|freeze)$/, before: /^criu\.(?:dump|start$)/, parent: /^runc\.checkpoint$/, evidence: 'until-next', why: 'criu.dump.exec' },
  { service: 'criu', name: 'criu.restore.exec', after: /^destination\.(?:mount-root|say-go|await-lazy-pages)$/, before: /^criu\.(?:restore|start$)/, parent: /^runc\.restore$/, evidence: 'until-next', why: 'criu.restore.exec' },
  { service: 'criu', name: 'criu.start', after: /^criu\.start$/, before: /^criu\.(?:dump|restore)/, evidence: 'until-next', upToMs: 5, why: 'criu.start' },
  { service: 'criu', name: 'criu.start', under: /^(?:shell criu|runc\.criu\.restore)$/, during: /^migration\.prepare\.page-server$/, before: /^criu\.page-server/, parent: /^shell criu$/, evidence: 'until-next', upToMs: 100, why: 'criu.start, of a page server' },
  { service: 'criu', name: 'criu.restore.clone', under: /^criu\.restore\.fork-barrier$/, evidence: 'until-next', why: 'criu.restore.clone, in a wait' },
  { service: 'criu', name: 'criu.restore.clone', after: /^criu\.restore\.fork-children$/, before: /^criu\.restore\.(?:join|memory|files|signals)$/, evidence: 'until-next', why: 'criu.restore.clone, of a child' },
  // runc around CRIU
  { service: 'runc', name: 'runc.checkpoint.start', under: /^dockerd\.checkpoint$/, before: /^criu\.dump/, evidence: 'inferred', upToMs: 2_000, why: 'runc.checkpoint.start' },
  { service: 'runc', name: 'runc.checkpoint.end', under: /^dockerd\.checkpoint$/, after: /^criu\.dump(?!\.(?:exec|init)$)/, evidence: 'inferred', upToMs: 500, why: 'runc.checkpoint.end, in dockerd’s call' },
  { service: 'runc', name: 'runc.checkpoint.end', after: /^criu\.(?:dump|page-server)(?!\.(?:exec|init)$)/, before: /^source\.(?:freeze-again|send-images)$/, parent: /^runc\.checkpoint$/, evidence: 'until-next', upToMs: 100, why: 'runc.checkpoint.end, for our script' },
  { service: 'runc', name: 'runc.restore.start', under: /^dockerd\.start$/, after: /^containerd\.start\.create-task$/, before: /^criu\.restore/, evidence: 'inferred', upToMs: 2_000, why: 'runc.restore.start' },
  { service: 'runc', name: 'runc.restore.start', under: /^runc\.create\.wait$/, during: preparing, before: /^runc\.restore/, parent: /^runc\.create\.wait$/, evidence: 'inferred', upToMs: 100, why: 'runc.restore.start, ahead of the go' },
  { service: 'runc', name: 'runc.restore.end', under: /^runc\.restore$/, after: /^criu\.(?:restore|lazy-pages)/, before: /^(?:end|destination\.announce)$/, evidence: 'until-next', upToMs: 500, why: 'runc.restore.end' },
  { service: 'runc', name: 'runc.pause', under: /^dockerd\.pause$/, evidence: 'inferred', upToMs: 5_000, why: 'runc.pause' },
  // instrumented programs tell both ends of their functions: what lies between two of them is the way from one to the other, or a function's own lines
  { service: 'dockerd', name: 'dockerd.route', under: /^(?:POST|GET|DELETE) \//, after: /^begin$/, before: handler, evidence: 'until-next', upToMs: 50, why: 'dockerd.route' },
  { service: 'dockerd', name: 'dockerd.reply', under: /^(?:POST|GET|DELETE) \//, after: handler, before: /^end$/, evidence: 'until-next', upToMs: 50, why: 'dockerd.reply' },
  { service: 'transship', name: 'docker.api.answer', under: /^docker\.api /, after: handler, before: /^end$/, evidence: 'until-next', upToMs: 50, why: 'docker.api.answer, after the handler' },
  { name: 'rpc.request', under: remoteCall, after: /^begin$/, before: served, evidence: 'until-next', upToMs: 200, why: 'rpc.request' },
  { name: 'rpc.answer', under: remoteCall, after: served, before: /^end$/, evidence: 'until-next', upToMs: 200, why: 'rpc.answer' },
  { service: 'runc', name: 'runc.exec', under: /^go-runc\.\S+$/, isInside: true, after: /^begin$/, before: /^runc\./, evidence: 'until-next', upToMs: 500, why: 'runc.exec' },
  { service: 'containerd-shim', name: 'shim.reap', under: /^go-runc\.\S+$/, isInside: true, after: /^runc\./, before: /^end$/, evidence: 'until-next', upToMs: 500, why: 'shim.reap' },
  { service: 'runc', name: 'function.own', under: criuCaller, isInside: true, isPart: true, evidence: 'until-next', upToMs: 500, why: 'function.own, around criu' },
  { name: 'function.own', under: /^(?!containerd\.shim-(?:pause|checkpoint|create|start)$)(?:dockerd|containerd-client|containerd|archive|shim|runc)\.[\w-]+$/, isInside: true, evidence: 'until-next', upToMs: 500, why: 'function.own' },
  // from host to host
  { service: 'transship', name: 'transfer.go', after: /^source\.say-go$/, before: /^destination\.(?:unpack|rewrite-ids)$/, evidence: 'until-next', upToMs: 1_000, why: 'transfer.go' },
  // the call and its answer
  { service: 'transship', name: 'docker.api.request', under: /^docker\.api /, after: /^begin$/, before: /^dockerd\./, evidence: 'until-next', upToMs: 1_000, why: 'docker.api.request, up to the log' },
  { service: 'dockerd', name: 'dockerd.checkpoint.delete-image', under: /^docker\.api POST \/containers\/\{id\}\/checkpoints$/, after: /^dockerd\.checkpoint\.unpack$/, before: /^end$/, evidence: 'until-next', upToMs: 2_000, why: 'dockerd.checkpoint.delete-image' },
  { service: 'transship', name: 'docker.api.answer', under: /^docker\.api (?:GET|POST \/containers\/\{id\}\/pause|POST \/containers\/\{id\}\/update)/, evidence: 'inferred', upToMs: 2_000, why: 'docker.api.answer, from memory' },
  { service: 'transship', name: 'docker.api.answer', under: /^docker\.api /, after: /^dockerd\./, before: /^end$/, evidence: 'inferred', upToMs: 2_000, why: 'docker.api.answer, after the log' },
  { service: 'dockerd', name: 'dockerd.remove', under: /^docker\.api DELETE \/containers\/\{id\}(?:\/checkpoints\/\{name\})?$/, evidence: 'inferred', upToMs: 10_000, why: 'dockerd.remove' },
  { service: 'dockerd', name: 'dockerd.create', under: /^docker\.api POST \/(?:containers|networks|volumes)\/create$/, evidence: 'inferred', upToMs: 10_000, why: 'dockerd.create' },
  // file times are those of the kernel's last tick
  { service: 'dockerd', name: 'dockerd.checkpoint.unpack-edge', under: /^(?:dockerd\.checkpoint|POST \/containers\/\S+\/checkpoints)$/, after: /^dockerd\.checkpoint\.make-image$/, before: /^dockerd\.checkpoint\.unpack$/, evidence: 'inferred', upToMs: 7, why: 'dockerd.checkpoint.unpack-edge' },
  { service: 'containerd', name: 'containerd.start.unpack-edge', under: /^dockerd\.start\.content-store$/, after: /^dockerd\.start\.pack$/, before: /^containerd\.start\.unpack$/, evidence: 'inferred', upToMs: 7, why: 'containerd.start.unpack-edge, before' },
  { service: 'containerd', name: 'containerd.start.unpack-edge', under: /^dockerd\.start\.content-store$/, after: /^containerd\.start\.unpack$/, before: /^containerd\.start\.shim$/, evidence: 'inferred', upToMs: 7, why: 'containerd.start.unpack-edge, after' },
  // the daemons' own spans of a request, where they have them: what they do between two calls
  { service: 'transship', name: 'docker.api.request', under: /^docker\.api /, before: /^(?:POST|GET|DELETE) /, evidence: 'until-next', upToMs: 50, why: 'docker.api.request, up to its own span' },
  { service: 'transship', name: 'docker.api.answer', under: /^docker\.api /, after: /^(?:POST|GET|DELETE) \//, before: /^end$/, evidence: 'until-next', upToMs: 50, why: 'docker.api.answer, after its own span' },
  { service: 'transship', name: 'docker.api.answer', under: /^docker\.api /, before: /^(?:end|controller\.work|migration\.\S+)$/, isPart: true, evidence: 'inferred', upToMs: 50, why: 'docker.api.answer, between its own spans' },
  { service: 'dockerd', name: 'dockerd.create', under: /^POST \/(?:containers|networks|volumes)\/create$/, evidence: 'inferred', upToMs: 10_000, why: 'dockerd.create' },
  { service: 'dockerd', name: 'dockerd.request', under: /^(?:POST|GET|DELETE) \/|^dockerd\.start\.content-store$/, isPart: true, evidence: 'inferred', upToMs: 20, why: 'dockerd.request' },
  { service: 'containerd', name: 'containerd.task', under: /^containerd\.services\.tasks\.v1\.Tasks\/(?:Checkpoint|Create|Start|Pause)$/, isPart: true, evidence: 'inferred', upToMs: 20, why: 'containerd.task' },
  { service: 'dockerd', name: 'dockerd.request', under: /^dockerd\.start\.network$/, isPart: true, evidence: 'inferred', upToMs: 100, why: 'dockerd.request, of a network' },
  { service: 'containerd', name: 'containerd.task', under: /^containerd\.services\.tasks\.v1\.Tasks\/Start$/, during: /^migration\.restore\.restore$/, evidence: 'inferred', upToMs: 50, why: 'containerd.task, of a start' },
  // our own runtime
  { service: 'runc', name: 'runc.create.start', under: /^containerd\.start\.create-task$/, before: /^runc\.create\.wait$/, evidence: 'until-next', upToMs: 5_000, why: 'runc.create.start' },
  { service: 'runc', name: 'runc.create.start', under: /^containerd\.start\.create-task$/, during: /^migration\.prepare$/, evidence: 'inferred', upToMs: 100, why: 'runc.create.start, looked at' },
  { service: 'containerd', name: 'containerd.start.shim', under: /^(?:dockerd\.start|migration\.prepare\.warm-destination)$/, parent: /^dockerd\.start$/, after: /^dockerd\.start\.network$/, before: /^containerd\.start\.create-task$/, evidence: 'inferred', upToMs: 2_000, why: 'containerd.start.shim, of a bundle' },
  // the controller itself
  { service: 'transship', name: 'controller.work', during: anyStep, notDuring: watchingSteps, after: ownEnd, before: ownBegin, parent: anyStep, isPart: true, evidence: 'until-next', why: 'controller.work, between calls' },
  { service: 'transship', name: 'controller.work', under: /^migration\.\w+\.restart-policy-o(?:n|ff)$/, evidence: 'until-next', why: 'controller.work, no policy' },
  { service: 'transship', name: 'controller.work', under: watchingSteps, after: /^begin$/, before: /^(?:docker\.api |dockerd\.start|POST \/)/, evidence: 'until-next', why: 'controller.work, first call' },
  { service: 'transship', name: 'controller.start-script', after: ownEnd, before: /^source\.connect$/, parent: /^migration\.checkpoint\.dump$/, evidence: 'until-next', upToMs: 1_000, why: 'controller.start-script' },
  { service: 'transship', name: 'controller.look-again', under: watchingSteps, before: ownBegin, isPart: true, evidence: 'inferred', upToMs: 1_000, why: 'controller.look-again' },
  { service: 'transship', name: 'controller.next-step', during: /^migration$/, notDuring: anyStep, after: ownEnd, before: ownBegin, parent: /^migration$/, evidence: 'until-next', why: 'controller.next-step' },
  { service: 'transship', name: 'controller.look-again', under: /^runc\.(?:create\.wait|criu\.restore)$/, during: /^migration\.prepare$/, before: ownBegin, parent: /^migration\.prepare$/, evidence: 'inferred', upToMs: 100, why: 'controller.look-again, at a restore' },
  { service: 'transship', name: 'controller.next-step', under: /^runc\.criu\.restore$/, during: /^migration\.prepare$/, notDuring: watchingSteps, after: ownEnd, before: ownBegin, parent: /^migration\.prepare$/, evidence: 'until-next', upToMs: 100, why: 'controller.next-step, of the preparation' },
];
