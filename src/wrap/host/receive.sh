#!/usr/bin/env bash
# receive FOLDER - on the destination: waits for `go` from the source, makes the images ready, lets the waiting restore go on. FOLDER has
#   receiving   bash: from_id, to_id (container ids), lazy (words for `criu lazy-pages`; empty: none),
#               work (CRIU's work folder), wait_s
#   page.conf   CRIU's options for the page channel
#   page-server-pid  criu page-server, where there is one: killed when the source gives up, so that its dump ends
#   hold-pages  with lazy: what keeps a daemon that dies from making missing pages zeros
#   go          FIFO that the restore listens to; unpacked: FIFO with the exit status of what unpacks the images
set -u
trap '' HUP PIPE
folder=$1
# shellcheck source=src/wrap/host/mark.sh
. "${BASH_SOURCE[0]%/*}/mark"
cd "$folder" || exit
from_id='' to_id='' work='' lazy=() wait_s=600
# shellcheck source=/dev/null
. ./receiving
exec 5<>unpacked 9<> <(:)

fail() {
    mark "receive.failed $*"
    printf '%s\n' "$*" >failed
    echo "$*" >&2
    echo abort 1<>go
    exit 1
}

# The page daemon is started, linked, and waits for its options: CRIU reads them first of all (parse_config, criu/config.c), and needs the
# images after them. It ends by itself when nobody is there any more to write them, as it finds no images.
if [ "${#lazy[@]}" -gt 0 ]; then
    rm -f "$work/lazy-pages.socket"
    mkfifo -m 600 options
    exec 6<>options
    options=$(<page.conf)
    {
        trap - HUP
        CRIU_CONFIG_FILE=$folder/options criu lazy-pages --images-dir images --work-dir "$work" "${lazy[@]}"
        echo $? >lazy-status
    } </dev/null >lazy.out 2>&1 5<&- 6<&- 9<&- &
    echo $! >lazy-pid
    perl hold-pages "$folder" </dev/null >hold-pages.out 2>&1 5<&- 6<&- 9<&- &
fi

# Ids are equally long. By bash itself, as a sed would be one more process while the container stands still: 2.2 ms in place of 6.3 (medians of 15 on a busy
# machine; at best 1.3 and 3.0). A word of bash ends where a byte is zero; what is behind the last zero byte ends without one.
rewrite_ids() {
    local LC_ALL=C part parts=()
    while IFS= read -r -d '' part; do parts+=("${part//"$from_id"/"$to_id"}"); done <"$1"
    part=${part//"$from_id"/"$to_id"}
    { [ "${#parts[@]}" = 0 ] || printf '%s\0' "${parts[@]}"; printf '%s' "$part"; } >"$1"
}

echo listening
read -r -t "$wait_s" word changed || fail 'the source went away before it said go'
mark receive.go
if [ "$word" != go ]; then
    read -r server 2>/dev/null <page-server-pid && grep -qx criu "/proc/$server/comm" && kill -KILL "$server"
    fail "the source said $word"
fi
read -r -t "$wait_s" -u 5 status || fail "the images were not unpacked within $wait_s s"
[ "$status" = 0 ] || fail "the images could not be unpacked (status $status)"
mark receive.unpacked
if [ "${#lazy[@]}" -gt 0 ]; then
    echo "$options" >&6
    exec 6>&-
fi
# runc restores into the cgroup that was dumped, and Docker looks for the container in its own
{ [ -s images/cgroup.img ] && rewrite_ids images/cgroup.img; } || fail 'cgroup.img could not be rewritten'
mark receive.rewritten
# who gives up later finds lazy-pid: the runtime ends it when it refuses
if [ "${#lazy[@]}" -gt 0 ] && [ -e decided ]; then
    read -ra daemon <"/proc/$(<lazy-pid)/task/$(<lazy-pid)/children" && kill -KILL ${daemon[@]+"${daemon[@]}"}
    fail 'the move was given up'
fi
echo "go${changed:+-remounted}" 1<>go
mark receive.said-go
