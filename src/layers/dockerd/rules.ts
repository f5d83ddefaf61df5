/** A request of Docker's API, from the line that announces it to the last thing it is known to do. */
export interface RequestRule {
  readonly name: string;
  /** Its group is the container's name or id. */
  readonly begins: RegExp;
  readonly ends: RegExp;
  readonly parts: readonly PartRule[];
}

/** A stretch between two lines that the source code makes one thing. Its ends are not its own lines: it is `inferred`. */
export interface PartRule {
  readonly service: 'dockerd' | 'containerd';
  readonly name: string;
  readonly begins: RegExp;
  readonly ends: RegExp;
  readonly code: string;
  /** Why nothing else happens between the two lines. */
  readonly reason: string;
  /** More than one thing happens between the two lines, and the log does not part them: the span is shown, and explains nothing. */
  readonly isSeveral?: true;
}

const networkPart: PartRule = {
  service: 'dockerd',
  name: 'dockerd.start.network',
  begins: /^Assigning addresses for endpoint /,
  ends: /^EnableService \S+ DONE$/,
  code: 'daemon.(*Daemon).initializeNetworking',
  reason: 'both lines are libnetwork’s, and so are all between: addresses, iptables, the sandbox',
};

/**
 * What dockerd's debug log tells of a move. Lines and functions as in Docker 26.1.5 with containerd 1.7.24 (Debian 13); a version that
 * prints other lines has fewer spans, never wrong ones.
 */
export const requestRules: readonly RequestRule[] = [
  {
    name: 'dockerd.pause',
    begins: /^Calling POST (?:\/v[\d.]+)?\/containers\/([^/]+)\/pause$/,
    ends: /^event \/tasks\/paused$/,
    parts: [],
  },
  {
    name: 'dockerd.checkpoint',
    begins: /^Calling POST (?:\/v[\d.]+)?\/containers\/([^/]+)\/checkpoints$/,
    ends: /^delete image$/,
    parts: [
      {
        service: 'containerd',
        name: 'containerd.checkpoint.pack',
        begins: /^Using single walk diff for \S*ctrd-checkpoint/,
        ends: /^\(\*service\)\.Write started$/,
        code: 'services/tasks.(*local).Checkpoint',
        reason:
          'archive.Diff announces itself, its tar goes into the content store (writeContent), the call returns; the next thing that its caller does is to write the index',
      },
      {
        service: 'dockerd',
        name: 'dockerd.checkpoint.write-index',
        begins: /^\(\*service\)\.Write started$/,
        ends: /^create image$/,
        code: 'containerd.(*task).writeIndex',
        reason: 'client (*task).Checkpoint writes the index, then makes the image of it',
      },
      {
        service: 'dockerd',
        name: 'dockerd.checkpoint.unpack',
        begins: /^create image$/,
        ends: /^delete image$/,
        code: 'libcontainerd/remote.(*task).CreateCheckpoint',
        reason:
          'between making the checkpoint image and deleting it, CreateCheckpoint reads the tar back by gRPC and applies it (archive.Apply); before, the client resumes the task if it was running (5 ms)',
      },
    ],
  },
  {
    name: 'dockerd.start',
    begins: /^Calling POST (?:\/v[\d.]+)?\/containers\/([^/]+)\/start$/,
    ends: /^event \/tasks\/start$/,
    parts: [
      networkPart,
      {
        service: 'containerd',
        name: 'containerd.start.create-task',
        begins: /^shim bootstrap parameters$/,
        ends: /^event \/tasks\/create$/,
        code: 'runtime/v2.(*shimTask).Create',
        isSeveral: true,
        reason: 'the shim is up and calls the runtime’s create, in which ours waits and restores',
      },
    ],
  },
  {
    name: 'dockerd.start',
    begins: /^Calling POST (?:\/v[\d.]+)?\/containers\/([^/]+)\/start\?(?:.*&)?checkpoint=./,
    ends: /^event \/tasks\/start$/,
    parts: [
      networkPart,
      {
        service: 'dockerd',
        name: 'dockerd.start.content-store',
        begins: /^Using single walk diff for \S*\/checkpoints\//,
        ends: /^shim bootstrap parameters$/,
        code: 'libcontainerd/remote.(*container).NewTask',
        isSeveral: true,
        reason:
          'NewTask packs the checkpoint into the content store (archive.Diff, writeContent), containerd’s Create unpacks it (archive.Apply) and starts the shim (10-15 ms), whose parameters are the next line',
      },
      {
        service: 'containerd',
        name: 'containerd.start.create-task',
        begins: /^shim bootstrap parameters$/,
        ends: /^event \/tasks\/create$/,
        code: 'runtime/v2.(*shimTask).Create',
        reason: 'the shim is up and takes the task; with a checkpoint nothing is restored at Create',
      },
    ],
  },
];
