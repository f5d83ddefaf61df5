import type { CriuImage } from './image-file.ts';
import type { ImageKind } from './image-protos.ts';

/** What the images of one folder say of the container. `null`: the image that would tell is not there. */
export interface ImageSummary {
  readonly runId: string | null;
  readonly processes: readonly ProcessSummary[] | null;
  /** By type, as CRIU names them. */
  readonly openFiles: Readonly<Record<string, number>> | null;
  readonly sockets: readonly SocketSummary[] | null;
  /** Bytes that established connections hold in their queues. */
  readonly tcpStreams: readonly { readonly receivedBytes: number; readonly sentBytes: number }[];
  /** By file system. */
  readonly mounts: Readonly<Record<string, number>> | null;
}

export interface ProcessSummary {
  readonly pid: number;
  readonly parentPid: number;
  readonly threads: number;
  readonly comm: string | null;
  /** Mapped memory by kind. */
  readonly mappedBytes: Readonly<Record<string, number>> | null;
  /** Pages of 4 KiB in the images: written here, left for post-copy, or in a parent. */
  readonly pages: { readonly written: number; readonly lazy: number; readonly parent: number } | null;
}

export interface SocketSummary {
  readonly protocol: string;
  readonly state: string;
  readonly local: string;
  readonly remote: string;
}

/** An image with its file's name, `core-1.img`, whose number says whose it is. */
export interface NamedImage extends CriuImage {
  readonly name: string;
}

type Entry = Readonly<Record<string, unknown>>;

export function summariseImages(images: readonly NamedImage[]): ImageSummary {
  const of = (kind: ImageKind) => images.filter((image) => image.kind === kind).flatMap(({ entries }) => entries);
  const files = images.some(({ kind }) => kind === 'files') ? of('files') : null;
  const mounts = images.some(({ kind }) => kind === 'mountpoints') ? of('mountpoints') : null;
  const processes = images.some(({ kind }) => kind === 'pstree') ? of('pstree') : null;
  const runId = of('inventory')[0]?.dump_criu_run_id;
  return {
    runId: typeof runId === 'string' ? runId : null,
    processes: processes?.map((entry) => processOf(entry, images)) ?? null,
    openFiles: files && countBy(files, ({ type }) => fileTypes[Number(type)] ?? `type ${type}`),
    sockets: files?.flatMap(({ isk }) => (isk ? [socketOf(isk as Entry)] : [])) ?? null,
    tcpStreams: of('tcp-stream').map(({ inq_len, outq_len }) => ({
      receivedBytes: Number(inq_len ?? 0),
      sentBytes: Number(outq_len ?? 0),
    })),
    mounts: mounts && countBy(mounts, ({ fstype, fsname }) => String(fsname || fileSystems[Number(fstype)] || `type ${fstype}`)),
  };
}

function processOf({ pid, ppid, threads }: Entry, images: readonly NamedImage[]): ProcessSummary {
  const own = (kind: ImageKind) => images.find((image) => image.kind === kind && image.name === `${kind}-${pid}.img`)?.entries;
  const comm = (own('core')?.[0]?.tc as Entry | undefined)?.comm;
  const mm = own('mm')?.[0];
  return {
    ...{ pid: Number(pid), parentPid: Number(ppid ?? 0), threads: (threads as unknown[]).length },
    comm: typeof comm === 'string' ? comm : null,
    mappedBytes: mm === undefined ? null : mappedBytes(mm.vmas as readonly Entry[]),
    pages: pagesOf(own('pagemap')),
  };
}

/** criu/include/image.h: what an area is, in its `status`. */
const areaKinds: readonly (readonly [bit: number, kind: string])[] = [
  [1 << 3, 'vdso'],
  [1 << 12, 'vdso'],
  [1 << 5, 'heap'],
  [1 << 6, 'private file'],
  [1 << 7, 'shared file'],
  [1 << 8, 'shared memory'],
  [1 << 10, 'shared memory'],
  [1 << 9, 'anonymous'],
];

/** MAP_GROWSDOWN */
const growsDown = 0x100;

function mappedBytes(areas: readonly Entry[]): Readonly<Record<string, number>> {
  const sums: Record<string, number> = {};
  for (const { start, end, status, flags } of areas) {
    const isStack = (Number(flags) & growsDown) !== 0;
    const kind = isStack ? 'stack' : (areaKinds.find(([bit]) => (Number(status) & bit) !== 0)?.[1] ?? 'other');
    sums[kind] = (sums[kind] ?? 0) + Math.max(0, Number(end) - Number(start));
  }
  return sums;
}

/**
 * criu/include/pagemap.h, PE_PARENT, PE_LAZY, PE_PRESENT: most pages could be left for post-copy, and are so only where they are not there.
 * The first entry is the head; 4.2 counts in a new field; before 3.6 there are no flags.
 */
const [inParent, mayBeLazy, isPresent] = [1, 2, 4] as const;

function pagesOf(entries: readonly Entry[] | undefined): ProcessSummary['pages'] {
  if (entries === undefined) return null;
  const pages = { written: 0, lazy: 0, parent: 0 };
  for (const { flags, in_parent, nr_pages, compat_nr_pages } of entries.slice(1)) {
    const bits = Number(flags ?? 0);
    const isLazy = (bits & mayBeLazy) !== 0 && (bits & isPresent) === 0;
    const where = (bits & inParent) !== 0 || in_parent ? 'parent' : isLazy ? 'lazy' : 'written';
    pages[where] += Number(nr_pages ?? compat_nr_pages ?? 0);
  }
  return pages;
}

/** images/fdinfo.proto, fd_types. */
const fileTypes = [
  ...[
    'undefined',
    'file',
    'pipe',
    'fifo',
    'inet socket',
    'unix socket',
    'eventfd',
    'epoll',
    'inotify',
    'signalfd',
    'packet socket',
  ],
  ...['terminal', 'fanotify', 'netlink socket', 'namespace', 'tun', 'external', 'timerfd', 'memfd'],
];

/** images/mnt.proto, fstype. */
const fileSystems: Readonly<Record<number, string>> = {
  ...{
    1: 'proc',
    2: 'sysfs',
    3: 'devtmpfs',
    4: 'binfmt_misc',
    5: 'tmpfs',
    6: 'devpts',
    8: 'pstore',
    9: 'securityfs',
    11: 'debugfs',
  },
  ...{ 12: 'cgroup', 13: 'aufs', 14: 'mqueue', 15: 'fuse', 17: 'overlay', 18: 'autofs', 19: 'tracefs', 23: 'cgroup2' },
};

/** The kernel's include/net/tcp_states.h. */
const tcpStates = [
  '',
  'established',
  'syn-sent',
  'syn-recv',
  'fin-wait-1',
  'fin-wait-2',
  'time-wait',
  'closed',
  'close-wait',
  'last-ack',
  'listening',
  'closing',
];
const protocols: Readonly<Record<number, string>> = { 1: 'icmp', 6: 'tcp', 17: 'udp', 136: 'udplite' };

function socketOf(socket: Entry): SocketSummary {
  const end = (addr: unknown, port: unknown) => `${addressOf(addr as readonly number[])}:${port ?? 0}`;
  return {
    protocol: protocols[Number(socket.proto)] ?? `protocol ${socket.proto}`,
    state: tcpStates[Number(socket.state)] || `state ${socket.state}`,
    local: end(socket.src_addr, socket.src_port),
    remote: end(socket.dst_addr, socket.dst_port),
  };
}

/** Words in the order of the network, as a little-endian machine reads them. */
function addressOf(words: readonly number[]): string {
  const bytes = words.flatMap((word) => [word & 255, (word >>> 8) & 255, (word >>> 16) & 255, word >>> 24]);
  if (words.length !== 4) return bytes.join('.') || '*';
  const groups = Array.from({ length: 8 }, (_, index) =>
    (((bytes[2 * index] ?? 0) << 8) | (bytes[2 * index + 1] ?? 0)).toString(16),
  );
  return `[${groups.join(':')}]`;
}

function countBy(entries: readonly Entry[], nameOf: (entry: Entry) => string): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const entry of entries) counts[nameOf(entry)] = (counts[nameOf(entry)] ?? 0) + 1;
  return counts;
}
