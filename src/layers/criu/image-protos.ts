import protobuf from 'protobufjs';

/**
 * What we read of CRIU's images, by the field numbers of CRIU's images/*.proto (3.11 to 4.2). Every field is optional here: what an older
 * CRIU did not write is unknown, no error.
 */
const proto = `
syntax = "proto2";
message inventory { optional uint32 img_version = 1; optional uint32 lsmtype = 6; optional uint64 dump_uptime = 8;
  optional bool tcp_close = 10; optional string dump_criu_run_id = 13; }
message pstree { optional uint32 pid = 1; optional uint32 ppid = 2; optional uint32 pgid = 3; optional uint32 sid = 4; repeated uint32 threads = 5; }
message task_core { optional uint32 task_state = 1; optional string comm = 6; }
message core { optional uint32 mtype = 1; optional task_core tc = 3; }
message vma { optional uint64 start = 1; optional uint64 end = 2; optional uint32 prot = 5; optional uint32 flags = 6; optional uint32 status = 7; }
message mm { optional uint32 exe_file_id = 12; repeated vma vmas = 14; }
message pagemap_head { optional uint32 pages_id = 1; }
message pagemap { optional uint64 vaddr = 1; optional uint32 compat_nr_pages = 2; optional bool in_parent = 3; optional uint32 flags = 4;
  optional uint64 nr_pages = 5; }
message fdinfo { optional uint32 id = 1; optional uint32 type = 3; optional uint32 fd = 4; }
message reg_file { optional uint32 id = 1; optional string name = 6; }
message inet_sk { optional uint32 id = 1; optional uint32 ino = 2; optional uint32 family = 3; optional uint32 type = 4; optional uint32 proto = 5;
  optional uint32 state = 6; optional uint32 src_port = 7; optional uint32 dst_port = 8; repeated uint32 src_addr = 11; repeated uint32 dst_addr = 12; }
message file { optional uint32 type = 1; optional uint32 id = 2; optional reg_file reg = 3; optional inet_sk isk = 4; }
message mnt { optional uint32 fstype = 1; optional uint32 mnt_id = 2; optional string mountpoint = 7; optional bool ext_mount = 13; optional string fsname = 14; }
message tcp_stream { optional uint32 inq_len = 1; optional uint32 outq_len = 3; optional uint32 unsq_len = 12; }`;

const { root } = protobuf.parse(proto, { keepCase: true });

export type ImageKind = 'inventory' | 'pstree' | 'core' | 'mm' | 'pagemap' | 'fdinfo' | 'files' | 'mountpoints' | 'tcp-stream';

interface ImageFormat {
  readonly kind: ImageKind;
  /** criu/include/magic.h */
  readonly magic: number;
  readonly entry: protobuf.Type;
  /** The first entry, where it is another message. */
  readonly head?: protobuf.Type;
  /** Raw bytes follow the only entry. */
  readonly hasTail?: true;
}

const type = (name: string) => root.lookupType(name);

export const imageFormats: readonly ImageFormat[] = [
  { kind: 'inventory', magic: 0x58313116, entry: type('inventory') },
  { kind: 'pstree', magic: 0x50273030, entry: type('pstree') },
  { kind: 'core', magic: 0x55053847, entry: type('core') },
  { kind: 'mm', magic: 0x57492820, entry: type('mm') },
  { kind: 'pagemap', magic: 0x56084025, entry: type('pagemap'), head: type('pagemap_head') },
  { kind: 'fdinfo', magic: 0x56213732, entry: type('fdinfo') },
  { kind: 'files', magic: 0x56303138, entry: type('file') },
  { kind: 'mountpoints', magic: 0x55563928, entry: type('mnt') },
  { kind: 'tcp-stream', magic: 0x51465506, entry: type('tcp_stream'), hasTail: true },
];
