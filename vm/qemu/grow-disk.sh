#!/bin/sh
# grow-disk.sh OUT TREE MIB SIGNATURE VMLINUZ ACCELERATION COMMAND... - makes, with no rights at all and without namespaces, the folder OUT:
#   OUT/TREE  a root tree in which each package is unpacked (COMMAND makes it, with the archives), with dpkg's status of the disk
#   OUT/disk  a disk as disk.sh makes it, on which they are installed: by second-stage.sh, in a virtual machine that the kernel VMLINUZ boots
#   ACCELERATION  words of QEMU for what runs its code
set -eu
out=$1 tree=$1/$2 mib=$3 signature=$4 vmlinuz=$5 acceleration=$6
shift 6
here=$(dirname -- "$0")
PATH=$PATH:/usr/sbin:/sbin
mkdir -p "$out"
echo 'I: fetching and unpacking'
"$@" </dev/null
cp "$here/second-stage.sh" "$tree/second-stage"
sh "$here/disk.sh" "$out/disk" "$tree" "$mib" "$signature"
rm -rf "$tree/second-stage" "$tree"/var/cache/apt/archives/*.deb
echo 'I: installing in a virtual machine: minutes, where its code is emulated'
# shellcheck disable=SC2086 # words
qemu-system-x86_64 -machine q35 $acceleration -m 1024 -nodefaults -no-user-config -no-reboot -display none -serial "file:$out/console" \
  -drive "id=root,if=none,format=raw,file=$out/disk,cache=unsafe,discard=unmap" -device nvme,drive=root,serial=root -kernel "$vmlinuz" \
  -append "root=PARTUUID=$signature-01 rootwait rw console=ttyS0 quiet panic=-1 no_timer_check init=/bin/sh -- /second-stage"
grep -q '^transship: installed' "$out/console" || {
  grep '^E: ' "$out/console" >&2 || tail -n 15 "$out/console" | sed 's/^/E: /' >&2
  exit 1
}
rm "$out/console"
debugfs -R 'cat /var/lib/dpkg/status' "$out/disk?offset=1048576" >"$tree/var/lib/dpkg/status" 2>/dev/null
