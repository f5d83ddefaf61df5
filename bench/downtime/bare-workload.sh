#!/bin/bash
# bare-workload FOLDER - on a host: starts the workload from FOLDER/root without Docker, and prints its pid. FOLDER/root is the unpacked image,
# mounted on itself, on a file system that is no overlay. A process tree with pid, mount, ipc and uts namespaces of its own, as much as its
# restore elsewhere needs (the pids must be free there), on the host's network, with what Docker mounts in each container, as CRIU packs and
# unpacks each tmpfs of it: all but the cgroups and three files from outside.
set -eu
folder=$1
root=$folder/root
mkdir -p "$root"/{.old,dev,proc,sys}
rm -rf "$root/run/ticker"
# The image has no umount: the host's is from the same suite, so that the image's libraries serve it. $1: of the inner shell
# shellcheck disable=SC2016
unshare --mount --propagation private --pid --ipc --uts --fork -- sh -ec '
    cd "$1"
    mount -t proc -o nosuid,nodev,noexec proc proc
    mount -t tmpfs -o nosuid,size=65536k,mode=755 tmpfs dev
    mkdir dev/pts dev/shm dev/mqueue
    mknod -m 666 dev/null c 1 3
    mknod -m 666 dev/zero c 1 5
    mknod -m 666 dev/full c 1 7
    mknod -m 666 dev/random c 1 8
    mknod -m 666 dev/urandom c 1 9
    mknod -m 666 dev/tty c 5 0
    mount -t devpts -o nosuid,noexec,newinstance,ptmxmode=0666,mode=0620,gid=5 devpts dev/pts
    mount -t tmpfs -o nosuid,nodev,noexec,mode=1777,size=65536k shm dev/shm
    mount -t mqueue -o nosuid,nodev,noexec mqueue dev/mqueue
    mount -t sysfs -o ro,nosuid,nodev,noexec sysfs sys
    for at in bus fs irq sys; do mount --bind "proc/$at" "proc/$at" && mount -o remount,bind,ro "proc/$at"; done
    for at in keys timer_list; do mount --bind dev/null "proc/$at"; done
    for at in proc/acpi sys/firmware; do mount -t tmpfs -o ro tmpfs "$at"; done
    pivot_root . .old
    exec chroot . sh -c "/.old/usr/bin/umount -l /.old && exec setsid env -i PATH=\$PATH TICKER=1 workload --enable-debug-command yes </dev/null >/dev/null 2>&1"
' sh "$root" </dev/null >"$folder/start.out" 2>&1 &
outer=$!
for ((tries = 0; tries < 200; tries++)); do
    kill -0 "$outer" 2>/dev/null || break
    read -r pid _ <"/proc/$outer/task/$outer/children" || true
    ! grep -qs redis-server "/proc/${pid:-0}/comm" || { echo "$pid" && exit 0; }
    sleep 0.05
done
cat "$folder/start.out" >&2
exit 1
