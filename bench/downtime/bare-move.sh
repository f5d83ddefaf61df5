#!/bin/bash
# bare-move KIND FOLDER PID HERE THERE - on the source: moves the tree of PID to the other host by criu alone, as somebody would write it who knows
# criu and wants it quick: images on tmpfs, pages through criu's own channel, the way over already open, nothing started late that can be started
# early, and the restore the moment that the images are there.
#   KIND     diskless or post-copy    FOLDER  on both hosts, with root/ and run/, a tmpfs    HERE, THERE  the hosts' addresses
# It makes nothing safe: a failure loses the container. Ends when all pages have come.
# shellcheck disable=SC2029,SC2094  # what is sent is meant to be filled in here; a FIFO has both ends
set -eu
kind=$1 folder=$2 pid=$3 here=$4 there=$5
port=27000
run=$folder/run
tree=(--manage-cgroups=ignore --tcp-close --skip-in-flight)
rm -rf "${run:?}"/* && mkdir "$run/images"
ssh "root@$there" "rm -rf $run/*; mkdir $run/images"

restore="criu restore -d --root $folder/root -D $run/images -W $run -o restore.log --pidfile $run/pid ${tree[*]}"
case $kind in
diskless)
    ssh "root@$there" "cd $run && exec criu page-server -d -D images -W $run -o page-server.log --address $there --port $port" </dev/null
    pages=(--page-server --address "$there" --port "$port")
    ;;
post-copy)
    pages=(--lazy-pages --address "$here" --port "$port")
    lazy="--page-server --address $here --port $port"
    restore="criu lazy-pages -d -D $run/images -W $run -o lazy-pages.log $lazy --pidfile $run/lazy-pid && $restore --lazy-pages"
    ;;
esac

# the other side waits for the images
exec 8> >(ssh "root@$there" "echo ready; tar -C $run/images -xf - && $restore && echo restored" >"$run/there" 2>&1)
until [ -s "$run/there" ]; do sleep 0.01; done
mkfifo "$run/status"
exec 5<>"$run/status" 6>"$run/status"

criu dump -t "$pid" --root "$folder/root" -D "$run/images" -W "$run" -o dump.log "${tree[@]}" "${pages[@]}" --status-fd 6 5<&- 8>&- &
dump=$!
case $kind in
diskless) wait "$dump" ;;
post-copy) # a NUL when the images are there
    until read -r -t 0.2 -d '' -u 5 _; do kill -0 "$dump"; done
    ;;
esac
tar -C "$run/images" -cf - . >&8
exec 8>&-
until grep -q restored "$run/there"; do
    sleep 0.01
    ! grep -qi error "$run/there" || { cat "$run/there" && exit 1; }
done
[ "$kind" = diskless ] || wait "$dump"
