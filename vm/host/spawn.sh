#!/bin/sh
# spawn.sh MAKE_CGROUP HOST_CGROUPS ARGS... - starts a test host's first process in namespaces of its own.
# The outer unshare stays in MAKE_CGROUP: in the host's own cgroup it would be a process that nobody in there can
# move, and cgroup v2 gives no controllers to the children of a group that holds processes.
# The cgroup namespace comes last, when the process is in the group that is to be its root.
set -eu
make=$1
hosts=$2
shift 2
here=$(dirname -- "$0")
echo 0 >"$make/cgroup.procs"
# $$ and $1: of the inner shell
# shellcheck disable=SC2016
exec unshare --mount --propagation private --uts --ipc --net --pid --fork --kill-child -- \
    sh -c 'for group in $1; do echo 0 >"$group/cgroup.procs"; done; shift; exec unshare --cgroup -- "$@"' \
    sh "$hosts" sh "$here/boot.sh" "$@"
