#!/bin/sh
# kernel.sh OUT SOURCE PACKAGE RELEASE APTCONF... - makes the folder OUT of Debian's kernel:
#   vmlinuz, modules.ext4 (the file system for /usr/lib/modules), release (as uname -r says it), debs/ (a mirror drops them with the next update)
#   SOURCE   a line of sources.list        PACKAGE  the metapackage that depends on the newest kernel of it
#   RELEASE  begins as the wanted kernel's release does, empty for any; the mirror may have another one by now
#   APTCONF  lines of apt.conf
set -eu
out=$1 source=$2 package=$3 wanted=$4
shift 4
PATH=$PATH:/usr/sbin:/sbin
work=$out.work
trap 'rm -rf "$work"' EXIT
rm -rf "$work"
mkdir -p "$out/debs" "$work/lists/partial" "$work/cache/archives/partial" "$work/tree"
: >"$work/status"
echo "$source" >"$work/sources.list"
for line in "$@" "Dir::State::lists \"$work/lists\";" "Dir::State::status \"$work/status\";" "Dir::Cache \"$work/cache\";" \
  "Dir::Etc::sourcelist \"$work/sources.list\";" 'Dir::Etc::sourceparts "/dev/null";' 'Dir::Etc::preferences "/dev/null";' \
  'Dir::Etc::preferencesparts "/dev/null";' 'Acquire::Languages "none";' 'APT::Sandbox::User "root";'; do
  echo "$line"
done >"$work/apt.conf"

apt-get -c "$work/apt.conf" update -qq
names=$(apt-cache -c "$work/apt.conf" depends --recurse --important "$package" | grep -E '^linux-(image|binary|modules)-[0-9]' | sort -u)
[ -n "$names" ] || { echo "E: the mirror has no $package in: ${source##* main}" >&2; exit 1; }
case $names in
*"-$wanted"[.+-]*) ;;
*)
  [ -z "$wanted" ] || {
    echo "E: kernel $wanted is gone from the mirror, which has $(echo "$names" | tr '\n' ' ')" >&2
    exit 1
  }
  ;;
esac
# shellcheck disable=SC2086
(cd "$out/debs" && apt-get -c "$work/apt.conf" download -qq $names)
for deb in "$out"/debs/*.deb; do dpkg-deb -x "$deb" "$work/tree"; done

# Debian 12 and 13 unpack to /lib/modules and /boot, later ones to /usr/lib/modules
[ -d "$work/tree/usr/lib/modules" ] || { mkdir -p "$work/tree/usr/lib" && mv "$work/tree/lib/modules" "$work/tree/usr/lib/modules"; }
rm -rf "$work/tree/lib"
ln -s usr/lib "$work/tree/lib"
release=$(ls "$work/tree/usr/lib/modules")
modules=$work/tree/usr/lib/modules
for kernel in "$work/tree/boot/vmlinuz-$release" "$modules/$release/vmlinuz"; do
  [ ! -f "$kernel" ] || mv "$kernel" "$out/vmlinuz"
done
# where `doctor` looks for it; later packages have it there
[ ! -f "$work/tree/boot/config-$release" ] || cp "$work/tree/boot/config-$release" "$modules/$release/config"
depmod -b "$work/tree" "$release"
kib=$(du -sk "$modules" | cut -f 1)
mke2fs -q -F -t ext4 -L modules -m 0 -O '^has_journal' -d "$modules" "$out/modules.ext4" "$((kib + kib / 4 + 16384))k"
echo "$release" >"$out/release"
