import type { InferenceName } from '../../trace/inference-rules.ts';

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
  /** Why nothing else happens between the two lines, and what does it. */
  readonly why: InferenceName;
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
    evidence: 'until-next',
    why: 'dockerd.start.mount-root',
  },
  {
    service: 'dockerd',
    name: 'dockerd.start.network',
    begins: /^Assigning addresses for endpoint /,
    ends: /^bundle dir created$/,
    why: 'dockerd.start.network',
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
        evidence: 'until-next',
        hasBytes: true,
        why: 'containerd.checkpoint.pack, by the log',
      },
      {
        service: 'dockerd',
        name: 'dockerd.checkpoint.write-index',
        begins: /^\(\*service\)\.Write started$/,
        ends: /^create image$/,
        evidence: 'until-next',
        why: 'dockerd.checkpoint.write-index, by the log',
      },
      {
        service: 'dockerd',
        name: 'dockerd.checkpoint.make-image',
        begins: /^create image$/,
        ends: unpackedBy.first,
        evidence: 'until-next',
        why: 'dockerd.checkpoint.make-image',
      },
      {
        service: 'dockerd',
        name: 'dockerd.checkpoint.unpack',
        begins: unpackedBy.first,
        ends: unpackedBy.last,
        evidence: 'bounded',
        hasBytes: true,
        why: 'dockerd.checkpoint.unpack, by file times',
      },
      {
        service: 'dockerd',
        name: 'dockerd.checkpoint.unpack',
        begins: /^create image$/,
        ends: /^delete image$/,
        hasBytes: true,
        why: 'dockerd.checkpoint.unpack, by the log',
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
        isSeveral: true,
        why: 'containerd.start.create-task, of our runtime',
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
        evidence: 'until-next',
        why: 'containerd.start.create-container',
      },
      {
        service: 'dockerd',
        name: 'dockerd.start.content-store',
        begins: /^Using single walk diff for \S*\/checkpoints\//,
        ends: /^shim bootstrap parameters$/,
        isSeveral: true,
        why: 'dockerd.start.content-store, by the log',
      },
      {
        service: 'dockerd',
        name: 'dockerd.start.pack',
        within: 'dockerd.start.content-store',
        begins: /^Using single walk diff for \S*\/checkpoints\//,
        ends: unpackedBy.first,
        evidence: 'until-next',
        hasBytes: true,
        why: 'dockerd.start.pack',
      },
      {
        service: 'containerd',
        name: 'containerd.start.unpack',
        begins: unpackedBy.first,
        ends: unpackedBy.last,
        evidence: 'bounded',
        hasBytes: true,
        why: 'containerd.start.unpack',
      },
      {
        service: 'containerd',
        name: 'containerd.start.shim',
        begins: unpackedBy.last,
        ends: /^shim bootstrap parameters$/,
        evidence: 'until-next',
        why: 'containerd.start.shim, by file times',
      },
      {
        service: 'containerd',
        name: 'containerd.start.create-task',
        begins: /^shim bootstrap parameters$/,
        ends: /^event \/tasks\/create$/,
        evidence: 'until-next',
        why: 'containerd.start.create-task, by the log',
      },
    ],
  },
];
