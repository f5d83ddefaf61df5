#!/bin/sh
# build-once.sh TARGET COMMAND... - runs COMMAND, which makes TARGET.partial, and renames that to TARGET.
# Run under flock: only one builds, those who waited find it made. A half-made one is never taken for whole.
set -eu
target=$1
shift
[ ! -e "$target" ] || exit 0
rm -rf --one-file-system -- "$target.partial"
"$@" || {
  status=$?
  rm -rf --one-file-system -- "$target.partial"
  exit "$status"
}
sync -f "$target.partial"
mv -T -- "$target.partial" "$target"
