import type { Attributes } from './layer-spans.ts';

/** Why a stretch between two things that were seen is one known thing, though nobody tells both of its ends. */
interface InferenceRule {
  /** Why nothing else happens there. */
  readonly reason: string;
  /** Of what does it: file and function, of the layer or ours. */
  readonly source: string;
}

/**
 * Everything that a span may be inferred by; a reason that is not a row here cannot be written. Where a row holds stands in the tables that are
 * walked, which name it: lines, spans and limits. A span's operation, and after the comma what tells the row from others of that operation.
 */
// biome-ignore format: a table is read in rows
export const inferenceRules = {
  // stretches in which nobody speaks (src/trace/gap-rules.ts)
  'criu.dump.exec': { reason: 'our script has said go to the process that becomes CRIU: it is loaded, and reads the request from runc', source: 'criu/cr-service.c cr_service_work' },
  'criu.restore.exec': { reason: 'our script has said go to the process that becomes CRIU: it is loaded, and reads the request from runc', source: 'criu/cr-service.c cr_service_work' },
  'criu.start': { reason: 'the kernel saw CRIU start, and its log begins a little later than its first anchor says', source: 'log.c log_init' },
  'criu.start, of a page server': { reason: 'an ssh session has been asked to start criu page-server: it is loaded and reads its options, up to the first line of its log', source: 'criu/crtools.c main' },
  'criu.restore.clone, in a wait': { reason: 'a task has asked for its child, and both wait: the kernel makes the new task, which has not said its first line yet', source: 'criu/cr-restore.c fork_with_pid' },
  'criu.restore.clone, of a child': { reason: 'a task has asked for its child: the kernel makes the new task, which has not said its first line yet', source: 'criu/cr-restore.c fork_with_pid' },
  'runc.checkpoint.start': { reason: 'dockerd reads the task by containerd, the shim starts runc, which starts CRIU twice before the dump (version, features: 4 to 18 ms each)', source: 'containerd task.go Checkpoint; runc libcontainer/container_linux.go checkCriuVersion, criuSwrk' },
  'runc.checkpoint.end, in dockerd’s call': { reason: 'CRIU’s last line is written: it ends, runc ends, the shim removes CRIU’s work folder', source: 'containerd pkg/process/init.go checkpoint' },
  'runc.checkpoint.end, for our script': { reason: 'CRIU’s last line is written: it ends, and runc after it, for which our script waits', source: 'runc libcontainer/container_linux.go criuSwrk' },
  'runc.restore.start': { reason: 'the task is there: dockerd lets containerd collect the packed checkpoint and asks for the start; the shim starts runc, which starts CRIU twice before the restore', source: 'containerd task.go Start; pkg/process/init_state.go createdCheckpointState; runc container_linux.go Restore' },
  'runc.restore.start, ahead of the go': { reason: 'the word to prepare has come to the runtime that waits: it sets the root up and starts runc’s restore', source: 'src/wrap/host/restore.sh' },
  'runc.restore.end': { reason: 'CRIU’s last line is written: it ends, runc writes the container’s state, and ends', source: 'runc libcontainer/container_linux.go Restore' },
  'runc.pause': { reason: 'dockerd has the shim run `runc pause`, which writes the freezer and waits until the group is frozen', source: 'runc libcontainer/cgroups freezer Set' },
  'dockerd.route': { reason: 'dockerd’s server reads the request, and its router finds the function that handles it', source: 'moby api/server/server.go makeHTTPHandler' },
  'dockerd.reply': { reason: 'the function that handles the request has returned: dockerd’s server writes the answer', source: 'moby api/server/server.go makeHTTPHandler' },
  'docker.api.answer, after the handler': { reason: 'the function that handled the request has returned: the answer’s way back through ssh', source: 'src/hosts/docker-api.ts' },
  'rpc.request': { reason: 'the call is on its way through a socket of the host, up to the function that serves it', source: 'containerd client/task.go, runtime/v2/shim.go' },
  'rpc.answer': { reason: 'the function that served the call has returned: its answer is on its way through a socket of the host', source: 'containerd client/task.go, runtime/v2/shim.go' },
  'runc.exec': { reason: 'the shim starts runc: pipes, clone, exec; where the kernel’s events are not at hand, also Go’s runtime and what runc does first', source: 'go-runc command_linux.go; runc main.go' },
  'shim.reap': { reason: 'runc’s last function has returned: it ends, and the shim’s reaper has its exit status', source: 'go-runc monitor.go; containerd sys/reaper' },
  'function.own, around criu': { reason: 'runc’s function makes a socket pair and the request, starts CRIU, and waits for its end', source: 'runc libcontainer criuSwrk' },
  'function.own': { reason: 'the function’s own lines, before, between and after the calls that it makes', source: 'src/instrument' },
  'transfer.go': { reason: 'the word go is on its way: through the pipe to ssh, the network, and sshd to the script that waits for it', source: 'src/wrap/host/dump.sh, receive.sh' },
  'docker.api.request, up to the log': { reason: 'the request goes through ssh to dockerd’s socket, up to the line with which dockerd announces it', source: 'api/server/middleware/debug.go' },
  'dockerd.checkpoint.delete-image': { reason: 'the image that named the packed checkpoint is deleted in containerd’s database, which is written to disk, and the answer comes back', source: 'libcontainerd/remote/client.go (*task).CreateCheckpoint' },
  'docker.api.answer, from memory': { reason: 'a question that dockerd answers from memory, or the answer’s way back through ssh', source: 'daemon/inspect.go, daemon/update.go' },
  'docker.api.answer, after the log': { reason: 'dockerd has done what it was asked: the answer’s way back through ssh', source: 'api/server/httputils' },
  'dockerd.remove': { reason: 'dockerd removes what was asked: a paused container is killed, its file system unmounted, its folders removed from disk', source: 'daemon/delete.go cleanupContainer' },
  'dockerd.create': { reason: 'dockerd makes what was asked: a container’s layer and folders, a network, a volume', source: 'daemon/create.go' },
  'dockerd.checkpoint.unpack-edge': { reason: 'dockerd has read the index and begins to unpack: which of the two, the time of the first file does not say, as it is that of the kernel’s last tick', source: 'libcontainerd/remote/client.go (*task).CreateCheckpoint' },
  'containerd.start.unpack-edge, before': { reason: 'the end of packing, or containerd begins to unpack: the time of the folder that it makes is that of the kernel’s last tick', source: 'containerd services/tasks/local.go Create' },
  'containerd.start.unpack-edge, after': { reason: 'containerd ends to unpack, or makes the bundle: the time of the last file is that of the kernel’s last tick', source: 'containerd services/tasks/local.go Create' },
  'docker.api.request, up to its own span': { reason: 'the request goes through ssh to dockerd’s socket, up to where its own span begins', source: 'moby api/server/server.go' },
  'docker.api.answer, after its own span': { reason: 'dockerd’s own span has ended: the answer’s way back through ssh', source: 'src/hosts/docker-api.ts' },
  'docker.api.answer, between its own spans': { reason: 'dockerd’s own span has ended: the answer’s way back through ssh', source: 'src/hosts/docker-api.ts' },
  'dockerd.request': { reason: 'dockerd handles the request, between two calls of containerd that it makes one after the other', source: 'moby daemon/checkpoint.go, daemon/start.go, libcontainerd/remote/client.go' },
  'dockerd.request, of a network': { reason: 'libnetwork calls iptables once after the other; between them it makes the pair of links and its addresses by netlink, and writes its database to disk', source: 'moby libnetwork/drivers/bridge/bridge.go, libnetwork/store.go' },
  'containerd.task': { reason: 'containerd hands the call on to the shim, or has its answer: it does nothing else in a call of tasks', source: 'containerd services/tasks/local.go, runtime/v2/shim.go' },
  'containerd.task, of a start': { reason: 'it runs since the restore: containerd has the shim call the runtime’s start, and ours does nothing but say that it is there', source: 'src/wrap/host/runtime.sh' },
  'runc.create.start': { reason: 'the shim starts the runtime’s create: our script, up to its mark that it waits', source: 'src/wrap/host/runtime.sh, restore.sh' },
  'runc.create.start, looked at': { reason: 'the shim starts the runtime’s create, up to its mark that it waits, and the controller asks now and then whether it is there', source: 'src/wrap/host/runtime.sh, restore.sh' },
  'containerd.start.shim, of a bundle': { reason: 'the bundle’s folder is there: containerd writes the container and a lease into its database, and starts the shim (10-15 ms), which tells its address', source: 'runtime/v2.(*ShimManager).startShim' },
  'controller.work, between calls': { reason: 'the controller has one thread, and makes one call after another in this step: it works on the last answer, writes records, makes the next call, or pauses before it asks again', source: 'src/migrate/strategies' },
  'controller.work, no policy': { reason: 'there is no policy to change: the journal is written', source: 'src/migrate/strategies/common.ts' },
  'controller.work, first call': { reason: 'the step begins with a call of Docker’s API, for which a connection is opened through ssh', source: 'src/hosts/link.ts' },
  'controller.start-script': { reason: 'the step begins: what runs in the container is looked at once more, and an ssh session starts the script on the source', source: 'src/migrate/direct/dump-step.ts' },
  'controller.look-again': { reason: 'what the step waited for has happened, and the controller sees that when it looks next', source: 'src/migrate/direct' },
  'controller.look-again, at a restore': { reason: 'the runtime, or CRIU, waits for the controller’s word, and the controller sees that when it looks next', source: 'src/migrate/direct/warm-step.ts' },
  'controller.next-step, of the preparation': { reason: 'CRIU is held until the go: the controller writes the journal and begins its next step', source: 'src/migrate/engine.ts' },
  'controller.next-step': { reason: 'no step is under way: the controller writes the journal, opens its ways and probes, and closes them', source: 'src/migrate/engine.ts, migrate.ts' },
  // between two lines of dockerd’s log, or times of files (src/layers/dockerd/rules.ts)
  'dockerd.start.mount-root': { reason: 'containerStart mounts the container’s root file system before anything else, and says so', source: 'daemon.(*Daemon).conditionalMountOnStart' },
  'dockerd.start.network': { reason: 'addresses, iptables and the sandbox are libnetwork’s; then the container’s host configuration is written to disk (allocateNetwork), and its config.json made (createSpec, 0.6 ms); the bundle’s folder is the next thing', source: 'daemon.(*Daemon).initializeNetworking' },
  'containerd.checkpoint.pack, by the log': { reason: 'archive.Diff announces itself, its tar goes into the content store (writeContent), the call returns; the next thing that its caller does is to write the index', source: 'services/tasks.(*local).Checkpoint' },
  'dockerd.checkpoint.write-index, by the log': { reason: 'client (*task).Checkpoint writes the index, then makes the image of it', source: 'containerd.(*task).writeIndex' },
  'dockerd.checkpoint.make-image': { reason: 'the image is made in containerd’s database, which is written to disk, the task is resumed if it was running (5 ms), the index is read back; the first file is the next thing', source: 'containerd.(*task).Checkpoint' },
  'dockerd.checkpoint.unpack, by file times': { reason: 'archive.Apply reads the tar back by gRPC, in pieces of 1 MiB, and makes the files, whose times are its own begin and end', source: 'libcontainerd/remote.(*task).CreateCheckpoint' },
  'dockerd.checkpoint.unpack, by the log': { reason: 'where the files’ times are not known: between making the checkpoint image and deleting it, CreateCheckpoint reads the tar back by gRPC and applies it (archive.Apply); before, the client resumes the task if it was running (5 ms)', source: 'libcontainerd/remote.(*task).CreateCheckpoint' },
  'containerd.start.create-task, of our runtime': { reason: 'the shim is up and calls the runtime’s create, in which ours waits and restores', source: 'runtime/v2.(*shimTask).Create' },
  'containerd.start.create-container': { reason: 'the container and a lease go into containerd’s database, which is written to disk each time; packing announces itself next', source: 'services/containers.(*local).Create' },
  'dockerd.start.content-store, by the log': { reason: 'NewTask packs the checkpoint into the content store (archive.Diff, writeContent), containerd’s Create unpacks it (archive.Apply) and starts the shim (10-15 ms), whose parameters are the next line', source: 'libcontainerd/remote.(*container).NewTask' },
  'dockerd.start.pack': { reason: 'archive.Diff announces itself, its tar goes by gRPC into containerd’s content store (writeContent), which commits it; the folder into which containerd unpacks is the next thing', source: 'libcontainerd/remote.(*container).NewTask' },
  'containerd.start.unpack': { reason: 'archive.Apply makes the folder and the files, whose times are its own begin and end', source: 'services/tasks.(*local).Create' },
  'containerd.start.shim, by file times': { reason: 'the images are there: the bundle is made and the shim started (10-15 ms), which tells its address', source: 'runtime/v2.(*ShimManager).startShim' },
  'containerd.start.create-task, by the log': { reason: 'the shim is up and takes the task, with which nothing is restored yet; dockerd has word of it (an event, 1 ms late or early)', source: 'runtime/v2.(*shimTask).Create' },
  // between two of the daemons’ own spans (src/layers/native/stretches.ts)
  'containerd.checkpoint.pack, by own spans': { reason: 'the shim has answered; archive.Diff and writeContent put a tar of the images into the content store, then the call returns', source: 'services/tasks.(*local).Checkpoint' },
  'dockerd.checkpoint.write-index, by own spans': { reason: 'client (*task).Checkpoint writes the index of the checkpoint, then makes the image of it', source: 'containerd.(*task).writeIndex' },
  'dockerd.checkpoint.unpack, by own spans': { reason: 'CreateCheckpoint has opened the tar (Content/Info), unpacks it (archive.Apply), then deletes the checkpoint image', source: 'libcontainerd/remote.(*task).CreateCheckpoint' },
  'dockerd.start.content-store, by own spans': { reason: 'the container is known to containerd; NewTask packs the checkpoint into the content store (archive.Diff, writeContent), then asks for the container', source: 'libcontainerd/remote.(*container).NewTask' },
  // an end that nobody wrote (src/layers/dockerd/spans.ts, src/layers/transship)
  'request, to its last line': { reason: 'dockerd’s log announces a request, and has no line of its end: it lasts at least until the last thing that it is known to do', source: 'moby api/server/middleware/debug.go' },
  'migration, no end': { reason: 'the run has no end written down, as its controller was killed: it lasts at least as long as what it did', source: 'src/migrate/engine.ts' },
  'step, no end': { reason: 'the journal has no end of the step: the controller ended before the step did', source: 'src/migrate/engine.ts' },
} as const satisfies Readonly<Record<string, InferenceRule>>;

export type InferenceName = keyof typeof inferenceRules;

/** The one place that writes the attribute: what is told has a row. */
export function inferredBy(why: InferenceName): Attributes {
  return { 'migration.inferred.reason': inferenceRules[why].reason };
}
