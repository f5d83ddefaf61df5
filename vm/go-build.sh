#!/bin/sh
# go-build.sh ROOT WORK CACHE OUT NAME TAGS LDFLAGS PACKAGE [NAME TAGS LDFLAGS PACKAGE]... - builds programs with plain `go build` into OUT.
set -eu
here=$(dirname -- "$0")
root=$1 work=$2 cache=$3 out=$4
shift 4
[ -x "$root/usr/bin/go" ] || {
    echo "E: $root/usr/bin/go: there is no Go toolchain; remove $root, and it is made anew" >&2
    exit 1
}
mkdir -p "$work/bin" "$cache" "$out"
while [ $# -gt 0 ]; do
    name=$1 tags=$2 ldflags=$3 package=$4
    shift 4
    echo "I: go build $name"
    sh "$here/in-go-root.sh" "$root" "$work" "$cache" go build -tags "$tags" -ldflags "$ldflags" -o "bin/$name" "$package"
    cp "$work/bin/$name" "$out/$name"
done
