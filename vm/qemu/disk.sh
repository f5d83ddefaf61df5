#!/bin/sh
# disk.sh OUT TREE MIB SIGNATURE - makes of the root tree TREE a disk of MIB MiB, sparse and without mounting anything: an MBR with SIGNATURE (8 hex
# digits) and one ext4 partition, which the kernel finds by it: root=PARTUUID=SIGNATURE-01. NVMe disks are numbered by who answers first.
set -eu
out=$1 tree=$2 mib=$3 signature=$4
PATH=$PATH:/usr/sbin:/sbin
truncate -s "${mib}M" "$out"
# no journal: such a disk is thrown away
mke2fs -q -F -t ext4 -m 0 -O '^has_journal' -E offset=1048576 -d "$tree" "$out" "$((mib - 1))M"

# $1 as 4 bytes, the lowest first, in the escapes of printf %b
little_endian() {
  printf '\\0%03o\\0%03o\\0%03o\\0%03o' $(($1 & 255)) $(($1 >> 8 & 255)) $(($1 >> 16 & 255)) $(($1 >> 24 & 255))
}
# not bootable, type Linux, from sector 2048 on; cylinders and heads are not told
entry="\\0000\\0376\\0377\\0377\\0203\\0376\\0377\\0377$(little_endian 2048)$(little_endian $(((mib - 1) * 2048)))"
put() { printf '%b' "$2" | dd of="$out" bs=1 seek="$1" conv=notrunc status=none; }
put 440 "$(little_endian "0x$signature")"
put 446 "$entry"
put 510 '\0125\0252'
