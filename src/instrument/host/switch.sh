#!/bin/sh
# switch.sh on|off FOLDER EVENTS [NAME...] - has a host run our build of the named programs, or its own ones again.
# Ours are mounted over the host's own files, which stay as they are: nothing is left of it after `off`, or after a reboot.
# Prints `NAME PATH` for each that was switched.
set -eu
to=$1 folder=$2 events=$3
shift 3

fail() {
    printf '%s\n' "$1" >&2
    exit 1
}

is_mounted() { # PATH
    while read -r _ _ _ _ place _; do
        [ "$place" != "$1" ] || return 0
    done </proc/self/mountinfo
    return 1
}

# a program that runs from the mount keeps it, unseen, until it ends
take_off() { while is_mounted "$1"; do umount -l "$1"; done; }

if [ "$to" = off ]; then
    [ -d "$folder" ] || exit 0
    for ours in "$folder"/*; do
        name=${ours##*/}
        stock=$(command -v "$name") || continue
        stock=$(readlink -f "$stock")
        is_mounted "$stock" || continue
        take_off "$stock"
        printf '%s %s\n' "$name" "$stock"
    done
    rm -rf "$folder"
    rmdir "${folder%/*}" 2>/dev/null || :
    rm -f "$events"
    exit 0
fi

daemon=$(cat /run/docker.pid 2>/dev/null || pidof -s dockerd) || fail 'no process of dockerd was found'
[ "$(readlink "/proc/$daemon/ns/mnt")" = "$(readlink /proc/self/ns/mnt)" ] ||
    fail "dockerd has a mount namespace of its own: what is mounted here it would not see"
done=''
undo() {
    for path in $done; do take_off "$path"; done
}
trap undo EXIT
for name; do
    stock=$(command -v "$name") || fail "there is no $name in $PATH"
    stock=$(readlink -f "$stock")
    take_off "$stock"
    mount --bind "$folder/$name" "$stock"
    done="$done $stock"
    printf '%s %s\n' "$name" "$stock"
done
mkdir -p "${events%/*}"
(umask 077 && : >"$events")
trap - EXIT
