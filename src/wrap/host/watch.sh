#!/usr/bin/env bash
# watch TRACEPARENT CONTAINER KINDS NOTICE - on a host, for the time of one traced move: what shows how programs call one another. KINDS, words of
#   calls   the wrappers note their calls (call.sh), and NOTICE, the text of notice.pl, when they begin and end
#   kernel  the kernel notes each start and end of a process below dockerd, containerd, the CONTAINER's shim and our own connection, by
#           tracepoints in an instance of its own (man 7 trace, "instances"; events sched_process_exec, sched_process_exit, task_newtask). Its
#           clock is told by marks of our own among the events: `clock WALL` and `was WALL`, the wall clock just before and just after
# Says a line: `ready`, then for each kind that cannot be had, `no KIND why`, then `go`. On input `take` puts /run/transship/watch/kernel.trace
# there and says `taken`. Ends, and takes all away, when its input ends, however that comes about: a second process sees to it when
# this one is killed. What both could not remove, the next one does. Behind tracefs.sh.
set -u
folder=/run/transship/watch
parent=$1 container=$2 kinds=" $3 " notice=$4

# The guard, below: it has the other end of a pipe of the watch's, which closes when the watch ends, also by SIGKILL
if [ "$0" = guard ]; then
    trap '' HUP TERM INT
    cat >/dev/null
    if [ -d "$parent" ]; then
        remove_instance "$parent"
        umount "$folder/tracefs"
    fi
    rm -rf --one-file-system "$folder"
    rmdir /run/transship 2>/dev/null
    exit
fi

owner_lives() { [ -e "$folder/owner" ] && kill -0 "$(<"$folder/owner")" 2>/dev/null; }
if owner_lives; then
    echo 'no calls another move is watched here'
    echo 'no kernel another move is watched here'
    echo go
    exec cat >/dev/null
fi
umask 077
mkdir -p "$folder" || exit
rm -f "$folder"/*
echo $$ >"$folder/owner"
echo "$parent" >"$folder/traceparent"
echo ready
if [[ $kinds != *' calls '* ]]; then
    :
elif ! command -v perl >/dev/null; then
    echo 'no calls perl is missing'
else
    : >"$folder/calls"
    exec 7> >(exec perl -e "$notice" "$folder/calls" "$folder/noticed" >/dev/null 2>&1)
fi

tracefs=$folder/tracefs
# one for each host, also where several share a kernel: pid namespace and process
spaces=$(pid_namespace)
name=transship-$spaces-$$
instance=$tracefs/instances/$name

# Seen from a namespace of its own: no mount of this shows anywhere else.
open_kernel() {
    mkdir -p "$tracefs" && mount -t tracefs tracefs "$tracefs" || return
    local old
    for old in "$tracefs/instances/transship-$spaces-"*; do
        [ ! -d "$old" ] || kill -0 "${old##*-}" 2>/dev/null || remove_instance "$old"
    done
    mkdir "$instance" || return
    echo mono >"$instance/trace_clock" && echo 256 >"$instance/buffer_size_kb" && echo 0 >"$instance/options/record-tgid"
    follow "$container" || return
    echo 1 >"$instance/events/sched/sched_process_exec/enable" && echo 1 >"$instance/events/sched/sched_process_exit/enable" &&
        echo 1 >"$instance/events/task/task_newtask/enable" || return
    clock
}
take() {
    if [ -d "$instance" ]; then
        clock
        cat "$instance/trace" >"$folder/kernel.trace"
    fi
    echo taken
}
if [[ $kinds = *' kernel '* ]]; then
    why=$(open_kernel 2>&1) || {
        why=${why##*$'\n'}
        echo "no kernel ${why:-tracefs cannot be used}"
    }
fi
# Out of reach of what ends our group
exec 8> >(exec setsid bash -c "$BASH_EXECUTION_STRING" guard "$instance" '' '' '' >/dev/null 2>&1 7>&-)
guard=$!
trap 'exec 7>&- 8>&-; wait "$guard"; exit' HUP TERM INT
echo go
while read -r word; do [ "$word" != take ] || take; done
exec 7>&- 8>&-
wait "$guard"
