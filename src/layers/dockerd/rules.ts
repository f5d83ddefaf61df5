/** A request of Docker's API, from the line that announces it to the last thing it is known to do. */
export interface RequestRule {
  readonly name: string;
  /** Its group is the container's name or id. */
  readonly begins: RegExp;
  readonly ends: RegExp;
  readonly parts: readonly PartRule[];
}

/** A stretch between two lines that the source code makes one thing. */
export interface PartRule {
  readonly service: 'dockerd' | 'containerd';
  readonly name: string;
  readonly begins: RegExp;
  readonly ends: RegExp;
  readonly code: string;
  /** Why nothing else happens between the two lines. */
  readonly reason: string;
  /**
   * `bounded`: both ends are its own. `until-next`: its begin is its own, and it ends because the next thing begins. `inferred` where this is not
   * said: the lines are of what lies before and after it.
   */
  readonly evidence?: 'bounded' | 'until-next';
  /** The part that it is a part of, which begins with it. */
  readonly within?: string;
  /** It handles the images: their bytes stand on the span. */
  readonly hasBytes?: true;
  /** More than one thing happens between the two lines, and the log does not part them: the span is shown, and explains nothing. */
  readonly isSeveral?: true;
}

const unpackedBy = { first: /^first file unpacked by /, last: /^last file unpacked by / };

const networkParts: readonly PartRule[] = [
  {
    service: 'dockerd',
    name: 'dockerd.start.mount-root',
    begins: /^Calling POST /,
    ends: /^container mounted via layerStore/,
    code: 'daemon.(*Daemon).conditionalMountOnStart',
    evidence: 'until-next',
    reason: 'containerStart mounts the container’s root file system before anything else, and says so',
  },
  {
    service: 'dockerd',
    name: 'dockerd.start.network',
    begins: /^Assigning addresses for endpoint /,
    ends: /^bundle dir created$/,
    code: 'daemon.(*Daemon).initializeNetworking',
    reason:
      'addresses, iptables and the sandbox are libnetwork’s; then the container’s host configuration is written to disk (allocateNetwork), and its config.json made (createSpec, 0.6 ms); the bundle’s folder is the next thing',
  },
];

/**
 * What dockerd's debug log tells of a move, and the times of the files that its daemons unpacked. Lines and functions as in Docker 26.1.5 with
 * containerd 1.7.24 (Debian 13); a version that prints other lines has fewer spans, never wrong ones.
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
        evidence: 'until-next',
        hasBytes: true,
        reason:
          'archive.Diff announces itself, its tar goes into the content store (writeContent), the call returns; the next thing that its caller does is to write the index',
      },
      {
        service: 'dockerd',
        name: 'dockerd.checkpoint.write-index',
        begins: /^\(\*service\)\.Write started$/,
        ends: /^create image$/,
        code: 'containerd.(*task).writeIndex',
        evidence: 'until-next',
        reason: 'client (*task).Checkpoint writes the index, then makes the image of it',
      },
      {
        service: 'dockerd',
        name: 'dockerd.checkpoint.make-image',
        begins: /^create image$/,
        ends: unpackedBy.first,
        code: 'containerd.(*task).Checkpoint',
        evidence: 'until-next',
        reason:
          'the image is made in containerd’s database, which is written to disk, the task is resumed if it was running (5 ms), the index is read back; the first file is the next thing',
      },
      {
        service: 'dockerd',
        name: 'dockerd.checkpoint.unpack',
        begins: unpackedBy.first,
        ends: unpackedBy.last,
        code: 'libcontainerd/remote.(*task).CreateCheckpoint',
        evidence: 'bounded',
        hasBytes: true,
        reason:
          'archive.Apply reads the tar back by gRPC, in pieces of 1 MiB, and makes the files, whose times are its own begin and end',
      },
      {
        service: 'dockerd',
        name: 'dockerd.checkpoint.unpack',
        begins: /^create image$/,
        ends: /^delete image$/,
        code: 'libcontainerd/remote.(*task).CreateCheckpoint',
        hasBytes: true,
        reason:
          'where the files’ times are not known: between making the checkpoint image and deleting it, CreateCheckpoint reads the tar back by gRPC and applies it (archive.Apply); before, the client resumes the task if it was running (5 ms)',
      },
    ],
  },
  {
    name: 'dockerd.start',
    begins: /^Calling POST (?:\/v[\d.]+)?\/containers\/([^/]+)\/start$/,
    ends: /^event \/tasks\/start$/,
    parts: [
      ...networkParts,
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
      ...networkParts,
      {
        service: 'containerd',
        name: 'containerd.start.create-container',
        begins: /^bundle dir created$/,
        ends: /^Using single walk diff for \S*\/checkpoints\//,
        code: 'services/containers.(*local).Create',
        evidence: 'until-next',
        reason:
          'the container and a lease go into containerd’s database, which is written to disk each time; packing announces itself next',
      },
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
        service: 'dockerd',
        name: 'dockerd.start.pack',
        within: 'dockerd.start.content-store',
        begins: /^Using single walk diff for \S*\/checkpoints\//,
        ends: unpackedBy.first,
        code: 'libcontainerd/remote.(*container).NewTask',
        evidence: 'until-next',
        hasBytes: true,
        reason:
          'archive.Diff announces itself, its tar goes by gRPC into containerd’s content store (writeContent), which commits it; the folder into which containerd unpacks is the next thing',
      },
      {
        service: 'containerd',
        name: 'containerd.start.unpack',
        begins: unpackedBy.first,
        ends: unpackedBy.last,
        code: 'services/tasks.(*local).Create',
        evidence: 'bounded',
        hasBytes: true,
        reason: 'archive.Apply makes the folder and the files, whose times are its own begin and end',
      },
      {
        service: 'containerd',
        name: 'containerd.start.shim',
        begins: unpackedBy.last,
        ends: /^shim bootstrap parameters$/,
        code: 'runtime/v2.(*ShimManager).startShim',
        evidence: 'until-next',
        reason: 'the images are there: the bundle is made and the shim started (10-15 ms), which tells its address',
      },
      {
        service: 'containerd',
        name: 'containerd.start.create-task',
        begins: /^shim bootstrap parameters$/,
        ends: /^event \/tasks\/create$/,
        code: 'runtime/v2.(*shimTask).Create',
        evidence: 'until-next',
        reason:
          'the shim is up and takes the task, with which nothing is restored yet; dockerd has word of it (an event, 1 ms late or early)',
      },
    ],
  },
];
