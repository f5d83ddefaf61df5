#!/bin/sh
# transship's OCI runtime: runc itself, but for the `create` and `start` of a container that is being moved here.
# That create waits until the images are there and restores from them; that start has nothing left to do.
# A container has this runtime's name as long as it lives: the file must stay where daemon.json says it is.
staged=/run/transship/restore
for id; do :; done # the container's id is the last word of create and start
if ! [ -e "$staged/$id" ]; then exec runc "$@"; fi
exec bash "${0%/*}/restore" "$staged/$id" "$@"
