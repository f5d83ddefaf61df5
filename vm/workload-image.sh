#!/bin/sh
# workload-image.sh OUT ARCHITECTURE REFERENCE SUITE SOURCE MMDEBSTRAP... - makes the root tree by "MMDEBSTRAP... SUITE TAR SOURCE" and of it
# OUT, an archive that `docker load` takes (the layout of `docker save`: manifest.json, configuration, layer).
set -eu
out=$1
architecture=$2
reference=$3
suite=$4
source=$5
shift 5
work=$out.work
trap 'rm -rf "$work"' EXIT
rm -rf "$work"
mkdir -p "$work"
# its temporary tree beside ours, so that one that was killed is removed by the next
TMPDIR=$work "$@" "$suite" "$work/layer.tar" "$source" </dev/null
digest=$(sha256sum "$work/layer.tar" | cut -d ' ' -f 1)
cat >"$work/config.json" <<EOF
{"architecture":"$architecture","os":"linux",
 "config":{"Entrypoint":["/usr/local/bin/workload"],"Env":["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"],
           "ExposedPorts":{"6379/tcp":{}},"WorkingDir":"/"},
 "rootfs":{"type":"layers","diff_ids":["sha256:$digest"]},
 "history":[{"created_by":"transship vm/workload-image.sh"}]}
EOF
id=$(sha256sum "$work/config.json" | cut -d ' ' -f 1)
mv "$work/config.json" "$work/$id.json"
printf '[{"Config":"%s.json","RepoTags":["%s"],"Layers":["layer.tar"]}]\n' "$id" "$reference" >"$work/manifest.json"
tar -C "$work" -cf "$out" manifest.json "$id.json" layer.tar
