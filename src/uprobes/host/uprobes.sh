#!/usr/bin/env bash
# uprobes CONTAINER - on a test host, for the time of one traced move: has the kernel note where dockerd, containerd, the CONTAINER's shim, runc and
# what they start come by, at places in their files (https://docs.kernel.org/trace/uprobetracer.html). Reads the places as lines of that page's
# uprobe_events, with GROUP in the place of a group's name, then a line `end`. Says `no uprobes WHY`, or `go`; on input `take` puts the events at
# /run/transship/uprobes/uprobes.trace and says `taken`. Behind tracefs.sh.
#
# Places are the kernel's, not a process's: they would outlive us. They are in a group, and noted in an instance, of a name of our own, which
# we hold open while we live. The kernel removes no instance that somebody holds; so whatever can be removed has no owner any more, also in another
# host's pid namespace. That is how a second process takes everything away when we end, also by SIGKILL, and how the next one finds
# what both could not remove. `uprobes sweep` does that alone.
set -u
container=$1
folder=/run/transship/uprobes
[ "$container" != sweep ] || folder=$(mktemp -d)
tracefs=$folder/tracefs
prefix=transship_probes_

# Events of a group go one by one: one that is still on keeps none of the others
remove_group() {
    local event
    for event in "$tracefs/events/$1"/*/; do
        event=${event%/}
        echo "-:$1/${event##*/}" >>"$tracefs/uprobe_events"
    done
}
sweep() {
    local each
    for each in "$tracefs/instances/$prefix"*; do
        [ -d "$each" ] && { rmdir "$each" || { sleep 0.1 && rmdir "$each"; }; }
    done
    # an instance is there before its group: what has none is left over
    for each in "$tracefs/events/$prefix"*; do
        each=${each##*/}
        [ -d "$tracefs/instances/$each" ] || [ ! -d "$tracefs/events/$each" ] || remove_group "$each"
    done
} 2>/dev/null
open_tracefs() { mkdir -p "$tracefs" && mount -t tracefs tracefs "$tracefs"; }
leave() {
    umount "$tracefs" 2>/dev/null
    rm -rf --one-file-system "$folder"
    rmdir /run/transship 2>/dev/null
    exit
}
if [ "$0" = guard ]; then
    trap '' HUP TERM INT
    cat >/dev/null
    sweep
    leave
fi
umask 077
if [ "$container" = sweep ]; then
    open_tracefs && sweep
    leave
fi

spaces=$(pid_namespace)
name=$prefix${spaces}_$$
instance=$tracefs/instances/$name
# Another host's sweep may come between the two: then there is no instance to hold
hold() { mkdir "$instance" && { true >"$instance/trace_marker"; } 2>/dev/null && exec 6>"$instance/trace_marker"; }
place() {
    if [ ! -e "$tracefs/uprobe_events" ]; then
        echo 'its kernel has no uprobe_events (CONFIG_UPROBE_EVENTS)'
        return 1
    fi
    echo mono >"$instance/trace_clock" && echo 1024 >"$instance/buffer_size_kb" && echo 1 >"$instance/options/record-tgid" || return
    follow "$container" || return
    cat "$folder/places" >>"$tracefs/uprobe_events" || {
        grep -v '^ *^' "$tracefs/error_log" | tail -n 2
        return 1
    }
    echo 1 >"$instance/events/$name/enable" || return
    clock
}
refuse() {
    why=${1##*$'\n'}
    echo "no uprobes ${why:-the kernel does not say why}"
    echo go
    cat >/dev/null
    leave
}
why=$(open_tracefs 2>&1) || refuse "$why"
sweep
while read -r line && [ "$line" != end ]; do echo "${line/GROUP/$name}"; done >"$folder/places"
hold 2>/dev/null || hold 2>/dev/null || hold || refuse "$instance cannot be made"
# Out of reach of what ends our group
exec 8> >(exec setsid bash -c "$BASH_EXECUTION_STRING" guard '' >/dev/null 2>&1 6>&-)
guard=$!
trap 'exec 6>&- 8>&-; wait "$guard"; exit' HUP TERM INT
if why=$(place 2>&1); then
    echo go
else
    exec 6>&- 8>&-
    wait "$guard"
    refuse "$why"
fi
while read -r word; do
    [ "$word" = take ] || continue
    clock
    cat "$instance/trace" >"$folder/uprobes.trace"
    echo taken
done
exec 6>&- 8>&-
wait "$guard"
