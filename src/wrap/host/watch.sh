#!/usr/bin/env bash
# watch TRACEPARENT CONTAINER KINDS NOTICE - on a host, for the time of one traced move: what shows how programs call one another. KINDS, words of
#   calls   the wrappers note their calls (call.sh), and NOTICE, the text of notice.pl, when they begin and end
#   kernel  the kernel notes each start and end of a process below dockerd, containerd, the CONTAINER's shim and our own connection, by
#           tracepoints in an instance of its own (man 7 trace, "instances"; events sched_process_exec, sched_process_exit, task_newtask). Its
#           clock is told by marks of our own among the events: `clock WALL` and `was WALL`, the wall clock just before and just after
# Says a line: `ready`, then for each kind that cannot be had, `no KIND why`, then `go`. On input `take` puts /run/transship/watch/kernel.trace
# there and says `taken`. Ends, and takes all away, when its input ends, however that comes about: a second process sees to it when
# this one is killed. What both could not remove, the next one does.
set -u
folder=/run/transship/watch
parent=$1 container=$2 kinds=" $3 " notice=$4

# The guard, below: it has the other end of a pipe of the watch's, which closes when the watch ends, also by SIGKILL
remove_instance() { # also when events are still on
    echo 0 >"$1/tracing_on"
    rmdir "$1" 2>/dev/null || { sleep 0.1 && rmdir "$1"; }
}
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
spaces=$(readlink /proc/self/ns/pid)
spaces=${spaces//[^0-9]/}
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
    echo 1 >"$instance/options/event-fork" || return
    follow || return
    echo 1 >"$instance/events/sched/sched_process_exec/enable" && echo 1 >"$instance/events/sched/sched_process_exit/enable" &&
        echo 1 >"$instance/events/task/task_newtask/enable" || return
    clock
}
clock() {
    local before
    for _ in 1 2 3 4 5; do
        before=${EPOCHREALTIME/,/.}
        echo "clock $before $BASHPID" >"$instance/trace_marker"
        echo "was ${EPOCHREALTIME/,/.}" >"$instance/trace_marker"
    done
}
# The processes whose children are told of: Docker's, and the connection over which we have our commands run.
seeds() {
    local process comm up=$PPID
    for process in /proc/[0-9]*; do
        read -r comm 2>/dev/null <"$process/comm" || continue
        case $comm in
        dockerd | containerd) ;;
        containerd-shim*) grep -qs -- "$container" "$process/cmdline" || continue ;;
        *) continue ;;
        esac
        echo "${process#/proc/}"
    done
    while [ "$up" -gt 1 ]; do
        echo "$up"
        read -r comm <"/proc/$up/comm"
        [[ $comm != sshd* ]] || break
        up=$(sed -n 's/^PPid:\t//p' "/proc/$up/status")
    done
}
# The kernel counts processes as the whole machine sees them, which in a pid namespace nobody knows: there each is made known by an event of its
# own, as its oom_score_adj is set to what it is.
follow() {
    local process task value
    if [ "$spaces" = 4026531836 ]; then
        for process in $(seeds); do printf '%s\n' "/proc/$process/task"/*; done | sed 's,.*/,,' >"$instance/set_event_pid"
        return
    fi
    echo "adj $BASHPID" >"$instance/trace_marker"
    echo 1 >"$instance/events/oom/oom_score_adj_update/enable" || return
    for process in $(seeds); do
        for task in "/proc/$process/task"/*; do
            { read -r value <"$task/oom_score_adj" && echo "$value" >"$task/oom_score_adj"; } 2>/dev/null
        done
    done
    echo 0 >"$instance/events/oom/oom_score_adj_update/enable"
    local own
    own=$(sed -n 's/^.*-\([0-9]*\) .*tracing_mark_write: adj .*/\1/p' "$instance/trace" | tail -n 1)
    sed -n "s/^.*-$own .* oom_score_adj_update: pid=\([0-9]*\) .*/\1/p" "$instance/trace" >"$folder/pids"
    echo >"$instance/trace"
    [ -s "$folder/pids" ] && cat "$folder/pids" >"$instance/set_event_pid"
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
