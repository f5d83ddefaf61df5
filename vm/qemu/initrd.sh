#!/bin/sh
# initrd.sh OUT TREE KERNEL - makes the small first root file system that a disk on virtio needs, as the kernel has it in modules:
#   perl and its libraries of the root tree TREE, which also makes the calls of insmod and mount, initrd.pl as /init, the modules of the kernel folder KERNEL
set -eu
out=$1 tree=$2 kernel=$3
here=$(dirname -- "$0")
work=$out.work
trap 'rm -rf "$work"' EXIT
rm -rf "$work"
mkdir -p "$work/root/modules" "$work/root/dev" "$work/root/new" "$work/debs"
for deb in "$kernel"/debs/*.deb; do dpkg-deb --fsys-tarfile "$deb" | tar -C "$work/debs" -x --wildcards '*/drivers/virtio/virtio*' '*/drivers/block/virtio_blk*' 2>/dev/null || :; done
number=0
# in the order in which they need each other; what is built in has no file
for name in virtio virtio_ring virtio_pci_legacy_dev virtio_pci_modern_dev virtio_pci virtio_blk; do
  number=$((number + 1))
  file=$(find "$work/debs" -name "$name.ko*" | head -n 1)
  [ -z "$file" ] || cp "$file" "$work/root/modules/$number-${file##*/}"
done
# what the tree's own loader would load: its paths are those of the tree, and no chroot is needed, which is root's
libraries() {
  "$tree/usr/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2" --library-path "$tree/usr/lib/x86_64-linux-gnu" --list "$tree/usr/bin/perl" | grep -o '/[^ ]*' | sed "s|^$tree/*|/|" | sort -u
}
for file in /usr/bin/perl $(libraries); do
  mkdir -p "$work/root${file%/*}"
  cp -L "$tree$file" "$work/root$file"
done
cp "$here/initrd.pl" "$work/root/init"
chmod 755 "$work/root/init"
(cd "$work/root" && find . | cpio --quiet -o -H newc -R 0:0) >"$out"
