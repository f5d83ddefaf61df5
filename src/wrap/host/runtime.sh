#!/bin/sh
# transship's OCI runtime: runc itself, but for the `create` and `start` of a container that is being moved here.
# That create waits until the images are there and restores from them; that start has nothing left to do.
# A container has this runtime's name as long as it lives: the file must stay where daemon.json says it is.
#
# runc takes this shell's place: its arguments, streams, descriptors, process id, signals and exit status are the caller's. No variable is
# set here, as it would change one of that name in the environment. What a shell does unasked remains: PWD says where it is, IFS is its own,
# dash loses names that no shell could have (A-B), bash counts SHLVL. runc heeds none of these.

# A container's id is the last word of create and start, and a file's name.
is_staged() {
    case $1 in '' | . | .. | */*) return 1 ;; esac
    [ -e "/run/transship/restore/$1" ]
}

if ! eval "is_staged \"\${$#}\""; then
    # while a traced move is under way, by way of `call`; the one variable that is changed then, back when that is over
    [ ! -e /run/transship/watch/calls ] || PATH=${0%/*}/calls:$PATH
    exec runc "$@"
fi
eval "exec bash \"\${0%/*}/restore\" \"/run/transship/restore/\${$#}\" \"\$@\""
