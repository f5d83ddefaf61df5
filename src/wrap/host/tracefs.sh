#!/usr/bin/env bash
# What the scripts have in common that have the kernel note things (watch.sh, src/uprobes/host/uprobes.sh); it stands before them. Theirs are
#   folder    in which tracefs is mounted
#   spaces    the pid namespace's number, which tells hosts apart that share a kernel
#   instance  their own, below tracefs' instances/
# shellcheck disable=SC2154

pid_namespace() { readlink /proc/self/ns/pid | tr -dc 0-9; }
remove_instance() { # also when events are still on
    echo 0 >"$1/tracing_on"
    rmdir "$1" 2>/dev/null || { sleep 0.1 && rmdir "$1"; }
}
# Marks among the events: the wall clock just before, and just after
clock() {
    local before
    for _ in 1 2 3 4 5; do
        before=${EPOCHREALTIME/,/.}
        echo "clock $before $BASHPID" >"$instance/trace_marker"
        echo "was ${EPOCHREALTIME/,/.}" >"$instance/trace_marker"
    done
}
# The processes whose children are told of: Docker's, the shim of container $1, and the connection over which we have our commands run.
seeds() {
    local process comm up=$PPID
    for process in /proc/[0-9]*; do
        read -r comm 2>/dev/null <"$process/comm" || continue
        case $comm in
        dockerd | containerd) ;;
        containerd-shim*) grep -qs -- "$1" "$process/cmdline" || continue ;;
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
follow() { # container
    local process task value
    echo 1 >"$instance/options/event-fork" || return
    if [ "$spaces" = 4026531836 ]; then
        for process in $(seeds "$1"); do printf '%s\n' "/proc/$process/task"/*; done | sed 's,.*/,,' >"$instance/set_event_pid"
        return
    fi
    echo "adj $BASHPID" >"$instance/trace_marker"
    echo 1 >"$instance/events/oom/oom_score_adj_update/enable" || return
    for process in $(seeds "$1"); do
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
