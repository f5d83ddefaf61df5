#!/bin/bash
# bare-workload FOLDER - on a host: starts the workload from FOLDER/root without Docker, and prints its pid. FOLDER/root is the unpacked image,
# mounted on itself, on a file system that is no overlay. A process tree with pid, mount, ipc and uts namespaces of its own, as much as its
# restore elsewhere needs (the pids must be free there), on the host's network.
set -eu
folder=$1
root=$folder/root
mkdir -p "$root/.old" "$root/dev" "$root/proc"
# its streams must lie in its own tree, or CRIU cannot name them
for device in null:1:3 urandom:1:9; do
    IFS=: read -r name major minor <<<"$device"
    [ -c "$root/dev/$name" ] || mknod -m 666 "$root/dev/$name" c "$major" "$minor"
done
rm -rf "$root/run/ticker"
# The image has no umount: the host's is from the same suite, so that the image's libraries serve it. $1: of the inner shell
# shellcheck disable=SC2016
unshare --mount --propagation private --pid --ipc --uts --fork -- sh -c '
    cd "$1" && mount -t proc proc proc && pivot_root . .old &&
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
