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
  /** Why nothing else happens there. */
  readonly reason: string;
  /** Of what does it, file and function. */
  readonly source: string;
}

/** Steps in which the controller looks on until others have done their work. */
const watchingSteps = /^migration\.\w+\.(?:dump|hand-over|restore|warm-destination|residual)$/;
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
  { service: 'criu', name: 'criu.dump.exec', after: /^source\.(?:cut-link|freeze)$/, before: /^criu\.(?:dump|start$)/, parent: /^runc\.checkpoint$/, evidence: 'until-next', reason: 'our script has said go to the process that becomes CRIU: it is loaded, and reads the request from runc', source: 'criu/cr-service.c cr_service_work' },
  { service: 'criu', name: 'criu.restore.exec', after: /^destination\.(?:mount-root|say-go|await-lazy-pages)$/, before: /^criu\.(?:restore|start$)/, parent: /^runc\.restore$/, evidence: 'until-next', reason: 'our script has said go to the process that becomes CRIU: it is loaded, and reads the request from runc', source: 'criu/cr-service.c cr_service_work' },
  { service: 'criu', name: 'criu.start', after: /^criu\.start$/, before: /^criu\.(?:dump|restore)/, evidence: 'until-next', upToMs: 5, reason: 'the kernel saw CRIU start, and its log begins a little later than its first anchor says', source: 'log.c log_init' },
  { service: 'criu', name: 'criu.restore.clone', under: /^criu\.restore\.fork-barrier$/, evidence: 'until-next', reason: 'a task has asked for its child, and both wait: the kernel makes the new task, which has not said its first line yet', source: 'criu/cr-restore.c fork_with_pid' },
  { service: 'criu', name: 'criu.restore.clone', after: /^criu\.restore\.fork-children$/, before: /^criu\.restore\.(?:join|memory|files|signals)$/, evidence: 'until-next', reason: 'a task has asked for its child: the kernel makes the new task, which has not said its first line yet', source: 'criu/cr-restore.c fork_with_pid' },
  // runc around CRIU
  { service: 'runc', name: 'runc.checkpoint.start', under: /^dockerd\.checkpoint$/, before: /^criu\.dump/, evidence: 'inferred', upToMs: 2_000, reason: 'dockerd reads the task by containerd, the shim starts runc, which starts CRIU twice before the dump (version, features: 4 to 18 ms each)', source: 'containerd task.go Checkpoint; runc libcontainer/container_linux.go checkCriuVersion, criuSwrk' },
  { service: 'runc', name: 'runc.checkpoint.end', under: /^dockerd\.checkpoint$/, after: /^criu\.dump(?!\.(?:exec|init)$)/, evidence: 'inferred', upToMs: 500, reason: 'CRIU’s last line is written: it ends, runc ends, the shim removes CRIU’s work folder', source: 'containerd pkg/process/init.go checkpoint' },
  { service: 'runc', name: 'runc.checkpoint.end', after: /^criu\.(?:dump|page-server)(?!\.(?:exec|init)$)/, before: /^source\.(?:freeze-again|send-images)$/, parent: /^runc\.checkpoint$/, evidence: 'until-next', upToMs: 100, reason: 'CRIU’s last line is written: it ends, and runc after it, for which our script waits', source: 'runc libcontainer/container_linux.go criuSwrk' },
  { service: 'runc', name: 'runc.restore.start', under: /^dockerd\.start$/, after: /^containerd\.start\.create-task$/, before: /^criu\.restore/, evidence: 'inferred', upToMs: 2_000, reason: 'the task is there: dockerd lets containerd collect the packed checkpoint and asks for the start; the shim starts runc, which starts CRIU twice before the restore', source: 'containerd task.go Start; pkg/process/init_state.go createdCheckpointState; runc container_linux.go Restore' },
  { service: 'runc', name: 'runc.restore.end', under: /^runc\.restore$/, after: /^criu\.(?:restore|lazy-pages)/, before: /^(?:end|destination\.announce)$/, evidence: 'until-next', upToMs: 500, reason: 'CRIU’s last line is written: it ends, runc writes the container’s state, and ends', source: 'runc libcontainer/container_linux.go Restore' },
  { service: 'runc', name: 'runc.pause', under: /^dockerd\.pause$/, evidence: 'inferred', upToMs: 5_000, reason: 'dockerd has the shim run `runc pause`, which writes the freezer and waits until the group is frozen', source: 'runc libcontainer/cgroups freezer Set' },
  // instrumented programs tell both ends of their functions: what lies between two of them is the way from one to the other, or a function's own lines
  { service: 'dockerd', name: 'dockerd.route', under: /^(?:POST|GET|DELETE) \//, after: /^begin$/, before: handler, evidence: 'until-next', upToMs: 50, reason: 'dockerd’s server reads the request, and its router finds the function that handles it', source: 'moby api/server/server.go makeHTTPHandler' },
  { service: 'dockerd', name: 'dockerd.reply', under: /^(?:POST|GET|DELETE) \//, after: handler, before: /^end$/, evidence: 'until-next', upToMs: 50, reason: 'the function that handles the request has returned: dockerd’s server writes the answer', source: 'moby api/server/server.go makeHTTPHandler' },
  { service: 'transship', name: 'docker.api.answer', under: /^docker\.api /, after: handler, before: /^end$/, evidence: 'until-next', upToMs: 50, reason: 'the function that handled the request has returned: the answer’s way back through ssh', source: 'src/hosts/docker-api.ts' },
  { name: 'rpc.request', under: remoteCall, after: /^begin$/, before: served, evidence: 'until-next', upToMs: 200, reason: 'the call is on its way through a socket of the host, up to the function that serves it', source: 'containerd client/task.go, runtime/v2/shim.go' },
  { name: 'rpc.answer', under: remoteCall, after: served, before: /^end$/, evidence: 'until-next', upToMs: 200, reason: 'the function that served the call has returned: its answer is on its way through a socket of the host', source: 'containerd client/task.go, runtime/v2/shim.go' },
  { service: 'runc', name: 'runc.exec', under: /^go-runc\.\S+$/, isInside: true, after: /^begin$/, before: /^runc\./, evidence: 'until-next', upToMs: 500, reason: 'the shim starts runc: pipes, clone, exec; where the kernel’s events are not at hand, also Go’s runtime and what runc does first', source: 'go-runc command_linux.go; runc main.go' },
  { service: 'containerd-shim', name: 'shim.reap', under: /^go-runc\.\S+$/, isInside: true, after: /^runc\./, before: /^end$/, evidence: 'until-next', upToMs: 500, reason: 'runc’s last function has returned: it ends, and the shim’s reaper has its exit status', source: 'go-runc monitor.go; containerd sys/reaper' },
  { service: 'runc', name: 'function.own', under: criuCaller, isInside: true, isPart: true, evidence: 'until-next', upToMs: 500, reason: 'runc’s function makes a socket pair and the request, starts CRIU, and waits for its end', source: 'runc libcontainer criuSwrk' },
  { name: 'function.own', under: /^(?!containerd\.shim-(?:pause|checkpoint|create|start)$)(?:dockerd|containerd-client|containerd|archive|shim|runc)\.[\w-]+$/, isInside: true, evidence: 'until-next', upToMs: 500, reason: 'the function’s own lines, before, between and after the calls that it makes', source: 'src/instrument' },
  // from host to host
  { service: 'transship', name: 'transfer.go', after: /^source\.say-go$/, before: /^destination\.(?:unpack|rewrite-ids)$/, evidence: 'until-next', upToMs: 1_000, reason: 'the word go is on its way: through the pipe to ssh, the network, and sshd to the script that waits for it', source: 'src/wrap/host/dump.sh, receive.sh' },
  // the call and its answer
  { service: 'transship', name: 'docker.api.request', under: /^docker\.api /, after: /^begin$/, before: /^dockerd\./, evidence: 'until-next', upToMs: 1_000, reason: 'the request goes through ssh to dockerd’s socket, up to the line with which dockerd announces it', source: 'api/server/middleware/debug.go' },
  { service: 'dockerd', name: 'dockerd.checkpoint.delete-image', under: /^docker\.api POST \/containers\/\{id\}\/checkpoints$/, after: /^dockerd\.checkpoint\.unpack$/, before: /^end$/, evidence: 'until-next', upToMs: 2_000, reason: 'the image that named the packed checkpoint is deleted in containerd’s database, which is written to disk, and the answer comes back', source: 'libcontainerd/remote/client.go (*task).CreateCheckpoint' },
  { service: 'transship', name: 'docker.api.answer', under: /^docker\.api (?:GET|POST \/containers\/\{id\}\/pause|POST \/containers\/\{id\}\/update)/, evidence: 'inferred', upToMs: 2_000, reason: 'a question that dockerd answers from memory, or the answer’s way back through ssh', source: 'daemon/inspect.go, daemon/update.go' },
  { service: 'transship', name: 'docker.api.answer', under: /^docker\.api /, after: /^dockerd\./, before: /^end$/, evidence: 'inferred', upToMs: 2_000, reason: 'dockerd has done what it was asked: the answer’s way back through ssh', source: 'api/server/httputils' },
  { service: 'dockerd', name: 'dockerd.remove', under: /^docker\.api DELETE \/containers\/\{id\}(?:\/checkpoints\/\{name\})?$/, evidence: 'inferred', upToMs: 10_000, reason: 'dockerd removes what was asked: a paused container is killed, its file system unmounted, its folders removed from disk', source: 'daemon/delete.go cleanupContainer' },
  { service: 'dockerd', name: 'dockerd.create', under: /^docker\.api POST \/(?:containers|networks|volumes)\/create$/, evidence: 'inferred', upToMs: 10_000, reason: 'dockerd makes what was asked: a container’s layer and folders, a network, a volume', source: 'daemon/create.go' },
  // file times are those of the kernel's last tick
  { service: 'dockerd', name: 'dockerd.checkpoint.unpack-edge', under: /^(?:dockerd\.checkpoint|POST \/containers\/\S+\/checkpoints)$/, after: /^dockerd\.checkpoint\.make-image$/, before: /^dockerd\.checkpoint\.unpack$/, evidence: 'inferred', upToMs: 7, reason: 'dockerd has read the index and begins to unpack: which of the two, the time of the first file does not say, as it is that of the kernel’s last tick', source: 'libcontainerd/remote/client.go (*task).CreateCheckpoint' },
  { service: 'containerd', name: 'containerd.start.unpack-edge', under: /^dockerd\.start\.content-store$/, after: /^dockerd\.start\.pack$/, before: /^containerd\.start\.unpack$/, evidence: 'inferred', upToMs: 7, reason: 'the end of packing, or containerd begins to unpack: the time of the folder that it makes is that of the kernel’s last tick', source: 'containerd services/tasks/local.go Create' },
  { service: 'containerd', name: 'containerd.start.unpack-edge', under: /^dockerd\.start\.content-store$/, after: /^containerd\.start\.unpack$/, before: /^containerd\.start\.shim$/, evidence: 'inferred', upToMs: 7, reason: 'containerd ends to unpack, or makes the bundle: the time of the last file is that of the kernel’s last tick', source: 'containerd services/tasks/local.go Create' },
  // the daemons' own spans of a request, where they have them: what they do between two calls
  { service: 'transship', name: 'docker.api.request', under: /^docker\.api /, before: /^(?:POST|GET|DELETE) /, evidence: 'until-next', upToMs: 50, reason: 'the request goes through ssh to dockerd’s socket, up to where its own span begins', source: 'moby api/server/server.go' },
  { service: 'transship', name: 'docker.api.answer', under: /^docker\.api /, after: /^(?:POST|GET|DELETE) \//, before: /^end$/, evidence: 'until-next', upToMs: 50, reason: 'dockerd’s own span has ended: the answer’s way back through ssh', source: 'src/hosts/docker-api.ts' },
  { service: 'transship', name: 'docker.api.answer', under: /^docker\.api /, before: /^(?:end|controller\.work|migration\.\S+)$/, isPart: true, evidence: 'inferred', upToMs: 50, reason: 'dockerd’s own span has ended: the answer’s way back through ssh', source: 'src/hosts/docker-api.ts' },
  { service: 'dockerd', name: 'dockerd.request', under: /^(?:POST|GET|DELETE) \/|^dockerd\.start\.content-store$/, isPart: true, evidence: 'inferred', upToMs: 20, reason: 'dockerd handles the request, between two calls of containerd that it makes one after the other', source: 'moby daemon/checkpoint.go, daemon/start.go, libcontainerd/remote/client.go' },
  { service: 'containerd', name: 'containerd.task', under: /^containerd\.services\.tasks\.v1\.Tasks\/(?:Checkpoint|Create|Start|Pause)$/, isPart: true, evidence: 'inferred', upToMs: 20, reason: 'containerd hands the call on to the shim, or has its answer: it does nothing else in a call of tasks', source: 'containerd services/tasks/local.go, runtime/v2/shim.go' },
  // our own runtime
  { service: 'runc', name: 'runc.create.start', under: /^containerd\.start\.create-task$/, before: /^runc\.create\.wait$/, evidence: 'until-next', upToMs: 5_000, reason: 'the shim starts the runtime’s create: our script, up to its mark that it waits', source: 'src/wrap/host/runtime.sh, restore.sh' },
  { service: 'containerd', name: 'containerd.start.shim', under: /^(?:dockerd\.start|migration\.prepare\.warm-destination)$/, parent: /^dockerd\.start$/, after: /^dockerd\.start\.network$/, before: /^containerd\.start\.create-task$/, evidence: 'inferred', upToMs: 2_000, reason: 'the bundle’s folder is there: containerd writes the container and a lease into its database, and starts the shim (10-15 ms), which tells its address', source: 'runtime/v2.(*ShimManager).startShim' },
  // the controller itself
  { service: 'transship', name: 'controller.work', during: anyStep, notDuring: watchingSteps, after: ownEnd, before: ownBegin, parent: anyStep, isPart: true, evidence: 'until-next', reason: 'the controller has one thread, and makes one call after another in this step: it works on the last answer, writes records, makes the next call, or pauses before it asks again', source: 'src/migrate/strategies' },
  { service: 'transship', name: 'controller.work', under: /^migration\.\w+\.restart-policy-o(?:n|ff)$/, evidence: 'until-next', reason: 'there is no policy to change: the journal is written', source: 'src/migrate/strategies/common.ts' },
  { service: 'transship', name: 'controller.work', under: watchingSteps, after: /^begin$/, before: /^(?:docker\.api |dockerd\.start)/, evidence: 'until-next', reason: 'the step begins with a call of Docker’s API, for which a connection is opened through ssh', source: 'src/hosts/link.ts' },
  { service: 'transship', name: 'controller.start-script', after: ownEnd, before: /^source\.connect$/, parent: /^migration\.checkpoint\.dump$/, evidence: 'until-next', upToMs: 1_000, reason: 'the step begins: what runs in the container is looked at once more, and an ssh session starts the script on the source', source: 'src/migrate/direct/dump-step.ts' },
  { service: 'transship', name: 'controller.look-again', under: watchingSteps, before: ownBegin, isPart: true, evidence: 'inferred', upToMs: 1_000, reason: 'what the step waited for has happened, and the controller sees that when it looks next', source: 'src/migrate/direct' },
  { service: 'transship', name: 'controller.next-step', during: /^migration$/, notDuring: anyStep, after: ownEnd, before: ownBegin, parent: /^migration$/, evidence: 'until-next', reason: 'no step is under way: the controller writes the journal, opens its ways and probes, and closes them', source: 'src/migrate/engine.ts, migrate.ts' },
];
