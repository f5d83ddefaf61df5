#!/bin/sh
# in-go-root.sh ROOT WORK CACHE COMMAND... - runs COMMAND in the tree ROOT, which stays as it is, with WORK as /go (a GOPATH) and CACHE as
# /gocache. Mounts and processes are of namespaces of their own and go with the command, however it ends.
set -eu
# $1 …: of the inner shell
# shellcheck disable=SC2016
exec unshare --mount --propagation private --pid --fork --kill-child sh -c '
set -eu
root=$1 work=$2 cache=$3
shift 3
mount --bind -o ro "$root" "$root"
cd "$root"
mount --bind "$work" go
mount --bind "$cache" gocache
mount -t proc -o nosuid,nodev,noexec proc proc
mount -t tmpfs -o nosuid,nodev tmpfs tmp
mount --bind /dev dev
exec chroot . env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/tmp GOPATH=/go:/usr/share/gocode GO111MODULE=off GOPROXY=off \
    GOTOOLCHAIN=local GOFLAGS=-buildvcs=false GOCACHE=/gocache sh -c "cd /go && exec \"\$@\"" sh "$@"' sh "$@"
